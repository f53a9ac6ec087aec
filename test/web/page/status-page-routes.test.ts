/**
 * The routes of the status page and of the JSON report.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'mocha';
import { RUNBOOKS } from '../../../src/core/runbook.ts';
import type { MonotonicClock } from '../../../src/util/clock.ts';
import { applyFilter, NO_FILTER } from '../../../src/web/page/filter.ts';
import { tokenReport } from '../../../src/web/page/json-report.ts';
import { atOnce } from '../../../src/web/page/slices.ts';
import { lasting, readAll, request, suiteServers } from '../../support/http.ts';
import { snapshot, troubledNode } from '../../support/snapshots.ts';
import { token } from '../../support/tokens.ts';

const { start, closeAfterEach } = suiteServers({ takeSnapshot: troubledNode });

describe('/', () => {
  closeAfterEach();
  it('sends a content security policy that allows its style and its form only', async () => {
    const { url } = await start();
    const answer = await fetch(url);
    assert.match(
      answer.headers.get('content-security-policy') ?? '',
      /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'self'; frame-ancestors 'none'$/,
    );
    assert.equal(answer.headers.get('content-type'), 'text/html; charset=utf-8');
  });

  it('shows the tokens that match the filter', async () => {
    const { url } = await start();
    const text = await (await fetch(`${url}/?q=payments/stale`)).text();
    assert.match(text, /Showing 1 of \d+ tokens/);
  });

  it('reads the query after the first question mark', async () => {
    const { url } = await start();
    assert.match(await (await fetch(`${url}/?q=a?b`)).text(), /value="a\?b"/);
  });
});

describe('/tokens', () => {
  closeAfterEach();
  it('returns the report that scan prints as JSON', async () => {
    const { url } = await start();
    const answer = await fetch(`${url}/tokens`);
    assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8');
    assert.equal(await answer.text(), atOnce(tokenReport(troubledNode(), RUNBOOKS)));
  });

  it('returns the tokens that match the filter', async () => {
    const { url } = await start();
    const text = await (await fetch(`${url}/tokens?problem=stale`)).text();
    assert.equal(
      text,
      atOnce(tokenReport(applyFilter(troubledNode(), { ...NO_FILTER, problem: 'stale' }), RUNBOOKS)),
    );
  });
});

for (const path of ['/', '/tokens']) {
  describe(`a request for ${path}`, () => {
    closeAfterEach();
    for (const query of ['state=%3Cb%3Enope', 'problem=%3Cb%3Enope', `q=%3Cb%3E${'x'.repeat(400)}`])
      it(`returns 400 and does not repeat an invalid filter: ${query.slice(0, 20)}`, async () => {
        const { url } = await start();
        const answer = await fetch(`${url}${path}?${query}`);
        assert.equal(answer.status, 400);
        assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8');
        assert.doesNotMatch(await answer.text(), /<|nope|xxx/);
      });

    it('has no body in the response to HEAD', async () => {
      const { url } = await start();
      const answer = await fetch(url + path, { method: 'HEAD' });
      assert.deepEqual([answer.status, await answer.text()], [200, '']);
    });
  });
}

describe('clients that do not read the response', () => {
  closeAfterEach();
  it('do not keep others from page, report and metrics', async () => {
    const small = snapshot({ tokens: [token()] });
    // More than the limit of a node, to exceed what sockets buffer.
    const large = { ...small, assessments: Array.from({ length: 20_000 }, () => small.assessments).flat() };
    const { url, connect } = await start({ maxRequests: 1, takeSnapshot: () => large });
    for (const query of ['?', '?q=a', '?q=pod', '?q=n', '?state=fresh']) {
      const idle = await connect();
      idle.pause().write(`GET /tokens${query} HTTP/1.1\r\nHost: x\r\n\r\n`);
      await once(idle, 'readable');
    }
    for (const path of ['/', '/tokens', '/metrics']) {
      const response = await fetch(url + path);
      assert.equal(response.status, 200);
      await response.arrayBuffer();
    }
  });
});

describe('page and report', () => {
  closeAfterEach();

  it('are rendered once for clients that ask for the same', async () => {
    let rendered = 0;
    const takeSnapshot = () => {
      rendered += 1;
      return troubledNode();
    };
    const { sendTogether } = await start({ takeSnapshot });
    const responses = await sendTogether(Array<string>(40).fill(request('GET /?q=a HTTP/1.1')));
    assert.ok(responses.every((response) => response.startsWith('HTTP/1.1 200')));
    assert.equal(rendered, 1);
  });

  it('that 60 clients ask for at once wait for a scrape, and eight are rendered from one snapshot', async () => {
    const order: string[] = [];
    const rejections: number[] = [];
    const { sendTogether } = await start({
      onRejection: (status) => rejections.push(status),
      scrape: async () => {
        order.push('scrape');
        return lasting(Buffer.from('x 1\n'));
      },
      takeSnapshot: () => {
        order.push('page');
        return troubledNode();
      },
    });
    const paths = Array.from({ length: 60 }, (_, index) => `${index % 2 === 0 ? '/' : '/tokens'}?q=${index}`);
    const requests = [...paths, '/metrics'].map((path) => request(`GET ${path} HTTP/1.1`));
    const responses = await sendTogether(requests);
    assert.deepEqual(order, ['scrape', 'page']);
    assert.match(responses.at(-1) ?? '', /^HTTP\/1\.1 200/);
    const rejected = responses.filter((response) => response.startsWith('HTTP/1.1 503'));
    assert.equal(rejected.length, 52);
    assert.deepEqual(rejections, Array(52).fill(503));
    for (const response of rejected) assert.match(response, /\r\nRetry-After: 1\r\n/);
  });
});

describe('clients that loop on pages', () => {
  closeAfterEach();

  /** A second passes at once, and no time limit expires. */
  const sleep: MonotonicClock['sleep'] = async (ms, signal) => {
    if (ms !== 1_000) await once(signal, 'abort');
  };

  it('get 429 after a second, beyond 60 pages at once, and do not affect scrapes and probes', async () => {
    const order: string[] = [];
    let nowMs = 0;
    const { sendTogether, url } = await start({
      monotonicMs: () => nowMs,
      sleep: (ms, signal) => {
        if (ms === 1_000) order.push('wait');
        return sleep(ms, signal);
      },
      onRejection: (status) => void order.push(`rejected ${status}`),
    });
    await sendTogether(Array<string>(60).fill(request('GET /?q=a HTTP/1.1')));
    const [response = ''] = await sendTogether([request('GET /tokens HTTP/1.1')]);
    assert.match(response, /^HTTP\/1\.1 429 [\s\S]*\r\nRetry-After: 1\r\n/);
    assert.deepEqual(order.slice(-2), ['rejected 429', 'wait']);
    for (const path of ['/metrics', '/healthz']) assert.equal((await fetch(url + path)).status, 200);
    nowMs += 200;
    assert.equal((await fetch(`${url}/tokens`)).status, 200);
  });

  it('from many addresses leave pages to others, ten per second', async () => {
    let nowMs = 0;
    const { connect } = await start({
      monotonicMs: () => nowMs,
      sleep,
    });
    const get = async (localAddress: string): Promise<string> => {
      const socket = await connect({ localAddress });
      socket.write(request('GET /tokens HTTP/1.1'));
      return (await readAll(socket)).slice(9, 12);
    };
    for (let index = 0; index < 120; index += 1)
      assert.equal(await get(`127.0.0.${1 + (index % 60)}`), '200');
    assert.equal(await get('127.0.0.99'), '429');
    nowMs += 100;
    assert.equal(await get('127.0.0.99'), '200');
  });
});

describe('a compressed page', () => {
  closeAfterEach();

  for (const path of ['/', '/tokens'])
    it(`is what is sent without compression: ${path}`, async () => {
      const { url } = await start();
      const compressed = await fetch(url + path, { headers: { 'Accept-Encoding': 'gzip' } });
      const plain = await fetch(url + path, { headers: { 'Accept-Encoding': 'identity' } });
      assert.equal(compressed.headers.get('content-encoding'), 'gzip');
      assert.equal(plain.headers.get('content-encoding'), null);
      assert.equal(plain.headers.get('vary'), 'Accept-Encoding');
      assert.equal(await compressed.text(), await plain.text());
    });
});

describe('a server with the status page disabled', () => {
  closeAfterEach();
  it('links to the metrics and has no JSON report', async () => {
    const { url } = await start({ isPageEnabled: false });
    const answer = await fetch(url);
    assert.match(await answer.text(), /<a href="metrics">/);
    assert.match(answer.headers.get('content-security-policy') ?? '', /^default-src 'none'; base-uri/);
    assert.equal((await fetch(`${url}/tokens`)).status, 404);
  });
});
