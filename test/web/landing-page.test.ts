/**
 * The page for a person in front of a browser.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { landingPage } from '../../src/web/landing-page.ts';

describe('landing page', () => {
  it('leads to the metrics', () => {
    const page = landingPage({ telemetryPath: '/tokens', node: 'node-1', version: '1.2.3' });
    assert.match(page, /<a href="\/tokens">/);
    assert.match(page, /Node node-1, version 1\.2\.3/);
  });

  it('lets nothing become markup', () => {
    const hostile = "\"><script>alert('1')</script>&amp;";
    const page = landingPage({ telemetryPath: hostile, node: hostile, version: hostile });
    assert.doesNotMatch(page, /<script|alert\('/);
    assert.equal(
      page.match(/&quot;&gt;&lt;script&gt;alert\(&#39;1&#39;\)&lt;\/script&gt;&amp;amp;/g)?.length,
      3,
    );
  });
});
