/**
 * The parsers of option values: what each one accepts and rejects.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as option from '../../src/config/option.ts';

interface Cases {
  readonly parse: option.Parse<unknown>;
  readonly good: readonly (readonly [text: string, value: unknown])[];
  readonly bad: readonly string[];
  readonly problem: RegExp;
}

const PARSERS: Readonly<Record<string, Cases>> = {
  duration: {
    parse: option.duration(1, 3_600),
    good: [
      ['1s', 1],
      ['90s', 90],
      ['10m', 600],
      ['59m59s', 3_599],
      ['1h', 3_600],
      ['0h1s', 1],
    ],
    bad: [
      '',
      '1',
      's',
      '1.5h',
      '-1s',
      '1s1m',
      '1 s',
      '1S',
      '1ms',
      '0s',
      '1h1s',
      '1d',
      '999999999999999999999d',
    ],
    problem: /^must be (a duration like 30s, 10m or 1h30m|between 1s and 3600s)$/,
  },
  wholeNumber: {
    parse: option.wholeNumber(1, 10),
    good: [
      ['1', 1],
      ['10', 10],
      ['007', 7],
    ],
    bad: ['', '0', '11', '-1', '+1', '1.0', '1e1', '0x1', ' 1', '9999999999999999'],
    problem: /^must be a whole number between 1 and 10$/,
  },
  oneOf: {
    parse: option.oneOf(['a', 'b']),
    good: [
      ['a', 'a'],
      ['b', 'b'],
    ],
    bad: ['', 'A', 'a ', 'a,b', 'constructor'],
    problem: /^must be one of a, b$/,
  },
  trueOrFalse: {
    parse: option.trueOrFalse,
    good: [
      ['true', true],
      ['false', false],
    ],
    bad: ['', '1', 'yes', 'True'],
    problem: /^must be true or false$/,
  },
  printableString: {
    parse: option.printableString,
    good: [
      ['', ''],
      ['any é漢😀 text', 'any é漢😀 text'],
    ],
    bad: ['a\nb', '\x1b[31m', '\x7f', 'a\u202eb', '\u2028', '\ud800'],
    problem: /^must not contain unprintable characters$/,
  },
  absolutePath: {
    parse: option.absolutePath,
    good: [
      ['/', '/'],
      ['/var/lib/kubelet', '/var/lib/kubelet'],
      ['/var/lib/kubelet//', '/var/lib/kubelet'],
    ],
    bad: ['', 'var', './var', '~/x', '/a\0b'],
    problem: /^must be an absolute path$/,
  },
  listenAddress: {
    parse: option.listenAddress,
    good: [
      [':9894', { host: undefined, port: 9894 }],
      [':0', { host: undefined, port: 0 }],
      ['127.0.0.1:65535', { host: '127.0.0.1', port: 65_535 }],
      ['localhost:80', { host: 'localhost', port: 80 }],
      ['[::1]:80', { host: '::1', port: 80 }],
      ['[::]:80', { host: '::', port: 80 }],
    ],
    bad: [
      '',
      '9894',
      ':',
      ':65536',
      'a:b',
      '::1:80',
      '[::1]',
      '[]:80',
      '[::g]:80',
      '[127.0.0.1]:80',
      'a b:80',
      ':-1',
    ],
    problem: /^must be \[HOST\]:PORT$/,
  },
  baseUrl: {
    parse: option.baseUrl,
    good: [
      ['https://wiki.example.com', 'https://wiki.example.com'],
      ['HTTP://Wiki.Example.com:8080/a/b//', 'http://wiki.example.com:8080/a/b'],
      ['https://[::1]/a', 'https://[::1]/a'],
      ['https://wiki/~ops/@home/"><b>', 'https://wiki/~ops/@home/%22%3E%3Cb%3E'],
      ['https://wiki/é', 'https://wiki/%C3%A9'],
    ],
    bad: [
      '',
      'wiki.example.com',
      '//wiki.example.com',
      '/runbooks',
      'https:',
      'https://',
      'https:wiki',
      'https://:80',
      'https://wiki:99999',
      'ftp://wiki',
      'javascript:alert(1)',
      'javascript://wiki/%0aalert(1)',
      'data:text/html,x',
      'https://wiki/?page=1',
      'https://wiki?',
      'https://wiki/#top',
      'https://wiki/a b',
      'https://wiki/\n',
      ' https://wiki',
      'https://user@wiki',
      'https://user:secret@wiki',
      'https://:secret@wiki',
    ],
    problem: /^must be an http or https URL without user, query or fragment$/,
  },
  'optional time': {
    parse: option.optional(option.time),
    good: [
      ['', undefined],
      ['0', 0],
      ['1795480173.5', 1_795_480_173.5],
      ['2026-01-31T12:00:00Z', 1_769_860_800],
      ['2026-01-31T12:00:00.250+01:00', 1_769_857_200.25],
    ],
    bad: [
      'now',
      '-1',
      '1e9',
      '2026-01-31',
      '2026-13-31T12:00:00Z',
      '2026-01-31 12:00:00',
      'Jan 31 2026',
      '123456789012',
    ],
    problem: /^must be a time like 2026-01-31T12:00:00Z or Unix seconds$/,
  },
};

for (const [name, { parse, good, bad, problem }] of Object.entries(PARSERS)) {
  describe(name, () => {
    for (const [text, value] of good) {
      it(`accepts ${JSON.stringify(text)}`, () => assert.deepEqual(parse(text), { ok: true, value }));
    }
    for (const text of bad) {
      it(`rejects ${JSON.stringify(text)}`, () => {
        const parsed = parse(text);
        assert.equal(parsed.ok, false);
        assert.match(parsed.ok ? '' : parsed.error, problem);
      });
    }
  });
}
