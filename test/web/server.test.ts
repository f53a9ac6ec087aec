/**
 * Responses to regular clients.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CONTENT_TYPES } from '../../src/metrics/text.ts';
import { landingPage, type RouteOptions } from '../../src/web/routes.ts';
import { lasting, request, suiteServers } from '../support/http.ts';

const { start, closeAfterEach } = suiteServers();

/** A body with the requested format and coding. */
const echoing: RouteOptions['scrape'] = async (format, coding) => lasting(Buffer.from(`${format} ${coding}`));

/** The status, headers and body of a response. */
function parse(response: string) {
  const [head = '', body = ''] = response.split('\r\n\r\n', 2);
  const [line = '', ...lines] = head.split('\r\n');
  const headers = lines.map((text) => text.split(': ', 2) as [string, string]);
  return { status: Number(line.split(' ')[1]), headers: new Headers(headers), body };
}

describe('/metrics', () => {
  closeAfterEach();

  for (const { accept, format } of [
    { accept: '*/*', format: 'text' },
    { accept: 'application/openmetrics-text;version=1.0.0,*/*;q=0.1', format: 'openmetrics' },
  ] as const) {
    it(`returns ${format} for Accept: ${accept}`, async () => {
      const { url } = await start({ scrape: echoing });
      const response = await fetch(`${url}/metrics`, {
        headers: { Accept: accept, 'Accept-Encoding': 'identity' },
      });
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('content-type'), CONTENT_TYPES[format]);
      assert.equal(response.headers.get('vary'), 'Accept, Accept-Encoding');
      assert.equal(await response.text(), `${format} identity`);
    });
  }

  for (const { accept, coding } of [
    { accept: undefined, coding: 'identity' },
    { accept: '', coding: 'identity' },
    { accept: 'gzip', coding: 'gzip' },
    { accept: 'gzip, deflate, br', coding: 'gzip' },
    { accept: 'GZIP', coding: 'gzip' },
    { accept: '*', coding: 'gzip' },
    { accept: 'br', coding: 'identity' },
    { accept: 'gzip;q=0', coding: 'identity' },
    { accept: 'gzip;q=0, *', coding: 'identity' },
    { accept: 'identity;q=1, gzip;q=0.5', coding: 'identity' },
    { accept: 'identity;q=0, gzip', coding: 'gzip' },
    { accept: 'identity;q=0', coding: 'identity' },
    { accept: '*;q=0', coding: 'identity' },
    { accept: ';;,=q,', coding: 'identity' },
  ]) {
    it(`returns ${coding} for ${accept === undefined ? 'no Accept-Encoding' : `Accept-Encoding: ${accept}`}`, async () => {
      const { send } = await start({ scrape: echoing });
      const headers = accept === undefined ? [] : [`Accept-Encoding: ${accept}`];
      const response = parse(await send(request('GET /metrics HTTP/1.1', ...headers)));
      assert.equal(response.headers.get('content-encoding'), coding === 'gzip' ? 'gzip' : null);
      assert.equal(response.body, `text ${coding}`);
    });
  }

  it('returns the headers of GET without a body for HEAD', async () => {
    const { send } = await start();
    const [get, head] = [
      parse(await send(request('GET /metrics HTTP/1.1'))),
      parse(await send(request('HEAD /metrics HTTP/1.1'))),
    ];
    const kept = ({ headers }: typeof get) => [...headers].filter(([name]) => name !== 'date');
    assert.deepEqual(kept(head), kept(get));
    assert.equal(head.headers.get('content-length'), '4');
    assert.equal(head.body, '');
  });

  it('is served at the path of the option', async () => {
    const { url } = await start({ telemetryPath: '/tokens' });
    assert.equal((await fetch(`${url}/tokens`)).status, 200);
    assert.equal((await fetch(`${url}/metrics`)).status, 404);
  });

  it('ignores the query', async () => {
    const { url } = await start();
    assert.equal((await fetch(`${url}/metrics?a[b]=c&a=%zz`)).status, 200);
  });

  it('can be scraped repeatedly over one connection', async () => {
    const { send } = await start();
    const again = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n';
    const responses = await send(again + again + request('GET /metrics HTTP/1.1'));
    assert.equal(responses.match(/HTTP\/1\.1 200 OK/g)?.length, 3);
  });
});

describe('a scrape that fails', () => {
  closeAfterEach();

  const failing: RouteOptions['scrape'] = async () => {
    throw new Error('secret of the bug');
  };

  it('returns 500 without the reason', async () => {
    const { url, takeErrors } = await start({ scrape: failing });
    const response = await fetch(`${url}/metrics`);
    assert.equal(response.status, 500);
    assert.equal(await response.text(), 'Internal Server Error\n');
    assert.doesNotMatch(JSON.stringify([...response.headers]), /secret|at /);
    assert.match(String(takeErrors()[0]), /secret of the bug/);
  });

  it('frees its slot', async () => {
    const { url, takeErrors } = await start({ maxRequests: 1, scrape: failing });
    const statuses = [await fetch(`${url}/metrics`), await fetch(`${url}/metrics`)].map(
      ({ status }) => status,
    );
    assert.deepEqual(statuses, [500, 500]);
    assert.equal(takeErrors().length, 2);
  });
});

describe('probes', () => {
  closeAfterEach();

  for (const path of ['/healthz', '/-/healthy']) {
    it(`${path} returns 200 before the initial scan is complete`, async () => {
      const { url } = await start({ isReady: () => false });
      assert.equal((await fetch(url + path)).status, 200);
    });
  }

  for (const path of ['/readyz', '/-/ready']) {
    it(`${path} returns 200 once the initial scan is complete`, async () => {
      let isReady = false;
      const { url } = await start({ isReady: () => isReady });
      assert.equal((await fetch(url + path)).status, 503);
      isReady = true;
      const response = await fetch(url + path);
      assert.equal(response.status, 200);
      assert.equal(await response.text(), 'ok\n');
    });
  }
});

describe('the status page', () => {
  closeAfterEach();

  it('is HTML that may not load anything', async () => {
    const { url } = await start();
    const response = await fetch(url);
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
    assert.match(response.headers.get('content-security-policy') ?? '', /^default-src 'none'/);
    assert.match(await response.text(), /<a href="metrics">/);
  });
});

describe('the landing page', () => {
  it('links to the metrics and shows the node and version', () => {
    const page = landingPage({ telemetryPath: '/tokens', node: 'node-1', version: '1.2.3' });
    assert.match(page, /<a href="tokens">/);
    assert.match(page, /Node node-1, version 1\.2\.3/);
  });

  it('escapes every value', () => {
    const hostile = "\"><script>alert('1')</script>&amp;";
    const page = landingPage({ telemetryPath: `/${hostile}`, node: hostile, version: hostile });
    assert.doesNotMatch(page, /<script|alert\('/);
    assert.equal(
      page.match(/&quot;&gt;&lt;script&gt;alert\(&#39;1&#39;\)&lt;\/script&gt;&amp;amp;/g)?.length,
      3,
    );
  });
});

describe('every response', () => {
  closeAfterEach();

  for (const { line, status } of [
    { line: 'GET / HTTP/1.1', status: 200 },
    { line: 'GET /metrics HTTP/1.1', status: 200 },
    { line: 'GET /healthz HTTP/1.1', status: 200 },
    { line: 'GET /nowhere HTTP/1.1', status: 404 },
    { line: 'POST /metrics HTTP/1.1', status: 405 },
  ]) {
    it(`to ${line} (${status}) forbids caching, sniffing and framing, and does not name the framework`, async () => {
      const { send } = await start();
      const response = parse(await send(request(line)));
      assert.equal(response.status, status);
      assert.equal(response.headers.get('cache-control'), 'no-store');
      assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
      assert.match(response.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
      assert.equal(response.headers.get('x-powered-by'), null);
      assert.equal(response.headers.get('etag'), null);
    });
  }
});
