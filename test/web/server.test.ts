/**
 * What the server answers to well-meaning clients.
 */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { CONTENT_TYPES } from '../../src/metrics/text.ts';
import { landingPage, type RouteOptions } from '../../src/web/routes.ts';
import { lasting, request, type Served, serve } from '../support/http.ts';

let served: Served | undefined;

async function start(overrides: Partial<RouteOptions> = {}): Promise<Served> {
  served = await serve(overrides);
  return served;
}

afterEach(async () => {
  assert.deepEqual(served?.takeErrors() ?? [], []);
  await served?.close();
  served = undefined;
});

/** A body that says what was asked for. */
const telling: RouteOptions['scrape'] = async (format, coding) => lasting(Buffer.from(`${format} ${coding}`));

/** The status, headers and body of an answer as it came. */
function parse(answer: string) {
  const [head = '', body = ''] = answer.split('\r\n\r\n', 2);
  const [line = '', ...lines] = head.split('\r\n');
  const headers = lines.map((text) => text.split(': ', 2) as [string, string]);
  return { status: Number(line.split(' ')[1]), headers: new Headers(headers), body };
}

describe('/metrics', () => {
  for (const { accept, format } of [
    { accept: '*/*', format: 'text' },
    { accept: 'application/openmetrics-text;version=1.0.0,*/*;q=0.1', format: 'openmetrics' },
  ] as const) {
    it(`answers ${format} to Accept: ${accept}`, async () => {
      const { url } = await start({ scrape: telling });
      const answer = await fetch(`${url}/metrics`, {
        headers: { Accept: accept, 'Accept-Encoding': 'identity' },
      });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('content-type'), CONTENT_TYPES[format]);
      assert.equal(answer.headers.get('vary'), 'Accept, Accept-Encoding');
      assert.equal(await answer.text(), `${format} identity`);
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
    it(`answers ${coding} to ${accept === undefined ? 'no Accept-Encoding' : `Accept-Encoding: ${accept}`}`, async () => {
      const { send } = await start({ scrape: telling });
      const headers = accept === undefined ? [] : [`Accept-Encoding: ${accept}`];
      const answer = parse(await send(request('GET /metrics HTTP/1.1', ...headers)));
      assert.equal(answer.headers.get('content-encoding'), coding === 'gzip' ? 'gzip' : null);
      assert.equal(answer.body, `text ${coding}`);
    });
  }

  it('answers HEAD with the headers of GET alone', async () => {
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

  it('is found where the option says', async () => {
    const { url } = await start({ telemetryPath: '/tokens' });
    assert.equal((await fetch(`${url}/tokens`)).status, 200);
    assert.equal((await fetch(`${url}/metrics`)).status, 404);
  });

  it('minds no query', async () => {
    const { url } = await start();
    assert.equal((await fetch(`${url}/metrics?a[b]=c&a=%zz`)).status, 200);
  });

  it('can be asked for again and again over one connection', async () => {
    const { send } = await start();
    const again = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n';
    const answers = await send(again + again + request('GET /metrics HTTP/1.1'));
    assert.equal(answers.match(/HTTP\/1\.1 200 OK/g)?.length, 3);
  });
});

describe('a scrape that fails', () => {
  const failing: RouteOptions['scrape'] = async () => {
    throw new Error('secret of the bug');
  };

  it('is answered 500 without a word of why', async () => {
    const { url, takeErrors } = await start({ scrape: failing });
    const answer = await fetch(`${url}/metrics`);
    assert.equal(answer.status, 500);
    assert.equal(await answer.text(), 'Internal Server Error\n');
    assert.doesNotMatch(JSON.stringify([...answer.headers]), /secret|at /);
    assert.match(String(takeErrors()[0]), /secret of the bug/);
  });

  it('gives its slot back', async () => {
    const { url, takeErrors } = await start({ maxRequests: 1, scrape: failing });
    const statuses = [await fetch(`${url}/metrics`), await fetch(`${url}/metrics`)].map(
      ({ status }) => status,
    );
    assert.deepEqual(statuses, [500, 500]);
    assert.equal(takeErrors().length, 2);
  });
});

describe('probes', () => {
  for (const path of ['/healthz', '/-/healthy']) {
    it(`${path} is well from the start`, async () => {
      const { url } = await start({ isReady: () => false });
      assert.equal((await fetch(url + path)).status, 200);
    });
  }

  for (const path of ['/readyz', '/-/ready']) {
    it(`${path} is ready once the first pass has ended`, async () => {
      let isReady = false;
      const { url } = await start({ isReady: () => isReady });
      assert.equal((await fetch(url + path)).status, 503);
      isReady = true;
      const answer = await fetch(url + path);
      assert.equal(answer.status, 200);
      assert.equal(await answer.text(), 'ok\n');
    });
  }
});

describe('the page', () => {
  it('is HTML that may load nothing', async () => {
    const { url } = await start();
    const answer = await fetch(url);
    assert.equal(answer.headers.get('content-type'), 'text/html; charset=utf-8');
    assert.match(answer.headers.get('content-security-policy') ?? '', /^default-src 'none'/);
    assert.match(await answer.text(), /<a href="metrics">/);
  });
});

describe('the landing page', () => {
  it('links to the metrics and shows the node and version', () => {
    const page = landingPage({ telemetryPath: '/tokens', node: 'node-1', version: '1.2.3' });
    assert.match(page, /<a href="\/tokens">/);
    assert.match(page, /Node node-1, version 1\.2\.3/);
  });

  it('escapes every value', () => {
    const hostile = "\"><script>alert('1')</script>&amp;";
    const page = landingPage({ telemetryPath: hostile, node: hostile, version: hostile });
    assert.doesNotMatch(page, /<script|alert\('/);
    assert.equal(
      page.match(/&quot;&gt;&lt;script&gt;alert\(&#39;1&#39;\)&lt;\/script&gt;&amp;amp;/g)?.length,
      3,
    );
  });
});

describe('every answer', () => {
  for (const { line, status } of [
    { line: 'GET / HTTP/1.1', status: 200 },
    { line: 'GET /metrics HTTP/1.1', status: 200 },
    { line: 'GET /healthz HTTP/1.1', status: 200 },
    { line: 'GET /nowhere HTTP/1.1', status: 404 },
    { line: 'POST /metrics HTTP/1.1', status: 405 },
  ]) {
    it(`to ${line} (${status}) is not to be kept, guessed at or framed, and does not tell what made it`, async () => {
      const { send } = await start();
      const answer = parse(await send(request(line)));
      assert.equal(answer.status, status);
      assert.equal(answer.headers.get('cache-control'), 'no-store');
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
      assert.match(answer.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
      assert.equal(answer.headers.get('x-powered-by'), null);
      assert.equal(answer.headers.get('etag'), null);
    });
  }
});
