/**
 * Which format each client gets.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { negotiateFormat } from '../../src/web/negotiate.ts';

const OPENMETRICS = 'application/openmetrics-text';

describe('negotiateFormat', () => {
  const cases = [
    { it: 'gives text to who asks for nothing', accept: undefined, format: 'text' },
    { it: 'gives text to an empty header', accept: '', format: 'text' },
    { it: 'gives text to curl', accept: '*/*', format: 'text' },
    {
      it: 'gives text to a browser',
      accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8',
      format: 'text',
    },
    {
      it: 'gives OpenMetrics to Prometheus 3',
      accept:
        'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      format: 'openmetrics',
    },
    {
      it: 'gives text to a Prometheus 3 that likes the text format better',
      accept:
        'text/plain;version=0.0.4;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.2',
      format: 'text',
    },
    {
      it: 'gives OpenMetrics to Prometheus 2.42',
      accept:
        'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      format: 'openmetrics',
    },
    {
      it: 'gives text to a Prometheus that wants protobuf',
      accept:
        'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,text/plain;version=0.0.4;q=0.3',
      format: 'text',
    },
    { it: 'takes OpenMetrics of no version for this one', accept: OPENMETRICS, format: 'openmetrics' },
    { it: 'reads a version in quotes', accept: `${OPENMETRICS}; version="1.0.0"`, format: 'openmetrics' },
    { it: 'reads capitals', accept: 'Application/OpenMetrics-Text; Version=1.0.0', format: 'openmetrics' },
    {
      it: 'gives text where only another version is wanted',
      accept: `${OPENMETRICS};version=0.0.1`,
      format: 'text',
    },
    {
      it: 'prefers OpenMetrics at the same quality',
      accept: `text/plain, ${OPENMETRICS}`,
      format: 'openmetrics',
    },
    {
      it: 'gives text where it is liked better',
      accept: `${OPENMETRICS};q=0.4,text/plain;q=0.5`,
      format: 'text',
    },
    {
      it: 'holds the most precise range for what is thought of text',
      accept: `${OPENMETRICS};q=0.5,text/plain;q=0.2,text/*;q=0.9,*/*`,
      format: 'openmetrics',
    },
    { it: 'takes text/* for text', accept: `${OPENMETRICS};q=0.5,text/*;q=0.9`, format: 'text' },
    { it: 'does not give what is refused', accept: `${OPENMETRICS};q=0`, format: 'text' },
    { it: 'gives text where both are refused', accept: `${OPENMETRICS};q=0,text/plain;q=0`, format: 'text' },
    { it: 'takes a quality it cannot read for none', accept: `${OPENMETRICS};q=high`, format: 'text' },
    { it: 'takes a quality out of range for none', accept: `${OPENMETRICS};q=2`, format: 'text' },
    { it: 'outlives nonsense', accept: ';;,=,q=1;;,,', format: 'text' },
    {
      it: 'finds OpenMetrics behind thousands of offers',
      accept: `${'a/b,'.repeat(4_000)}${OPENMETRICS}`,
      format: 'openmetrics',
    },
  ] as const;

  for (const { it: title, accept, format } of cases) {
    it(title, () => assert.equal(negotiateFormat(accept), format));
  }
});
