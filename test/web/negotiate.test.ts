/**
 * The metrics format by Accept header.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { negotiateFormat } from '../../src/web/negotiate.ts';

const OPENMETRICS = 'application/openmetrics-text';

describe('negotiateFormat', () => {
  const cases = [
    { it: 'returns text without a header', accept: undefined, format: 'text' },
    { it: 'returns text for an empty header', accept: '', format: 'text' },
    { it: 'returns text for curl', accept: '*/*', format: 'text' },
    {
      it: 'returns text for a browser',
      accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8',
      format: 'text',
    },
    {
      it: 'returns OpenMetrics for Prometheus 3',
      accept:
        'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      format: 'openmetrics',
    },
    {
      it: 'returns text for a Prometheus 3 that prefers it',
      accept:
        'text/plain;version=0.0.4;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.2',
      format: 'text',
    },
    {
      it: 'returns OpenMetrics for Prometheus 2.42',
      accept:
        'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      format: 'openmetrics',
    },
    {
      it: 'returns text for a Prometheus that prefers protobuf',
      accept:
        'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,text/plain;version=0.0.4;q=0.3',
      format: 'text',
    },
    { it: 'returns OpenMetrics if no version is given', accept: OPENMETRICS, format: 'openmetrics' },
    { it: 'accepts a quoted version', accept: `${OPENMETRICS}; version="1.0.0"`, format: 'openmetrics' },
    { it: 'ignores case', accept: 'Application/OpenMetrics-Text; Version=1.0.0', format: 'openmetrics' },
    {
      it: 'returns text if only another version of OpenMetrics is accepted',
      accept: `${OPENMETRICS};version=0.0.1`,
      format: 'text',
    },
    {
      it: 'returns OpenMetrics if the qualities are equal',
      accept: `text/plain, ${OPENMETRICS}`,
      format: 'openmetrics',
    },
    {
      it: 'returns text if its quality is higher',
      accept: `${OPENMETRICS};q=0.4,text/plain;q=0.5`,
      format: 'text',
    },
    {
      it: 'uses the quality of the most specific range of text',
      accept: `${OPENMETRICS};q=0.5,text/plain;q=0.2,text/*;q=0.9,*/*`,
      format: 'openmetrics',
    },
    { it: 'counts text/* as text', accept: `${OPENMETRICS};q=0.5,text/*;q=0.9`, format: 'text' },
    { it: 'does not return OpenMetrics at quality 0', accept: `${OPENMETRICS};q=0`, format: 'text' },
    {
      it: 'returns text if both have quality 0',
      accept: `${OPENMETRICS};q=0,text/plain;q=0`,
      format: 'text',
    },
    { it: 'treats an invalid quality as 0', accept: `${OPENMETRICS};q=high`, format: 'text' },
    { it: 'treats a quality out of range as 0', accept: `${OPENMETRICS};q=2`, format: 'text' },
    { it: 'returns text for a malformed header', accept: ';;,=,q=1;;,,', format: 'text' },
    {
      it: 'finds OpenMetrics after thousands of other types',
      accept: `${'a/b,'.repeat(4_000)}${OPENMETRICS}`,
      format: 'openmetrics',
    },
  ] as const;

  for (const { it: title, accept, format } of cases) {
    it(title, () => assert.equal(negotiateFormat(accept), format));
  }
});
