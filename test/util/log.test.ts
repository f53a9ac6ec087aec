/**
 * Log lines, and what never gets into one.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  createLog,
  errorFields,
  type Fields,
  LOG_FORMATS,
  LOG_LEVELS,
  type LogOptions,
} from '../../src/util/log.ts';

/** Logs by `run`, and answers the lines. */
function lines(
  run: (log: ReturnType<typeof createLog>) => void,
  overrides: Partial<LogOptions> = {},
): readonly string[] {
  const written: string[] = [];
  const log = createLog({
    level: 'debug',
    format: 'logfmt',
    write: (line) => written.push(line),
    timestamp: () => '2026-11-24T00:00:00.000Z',
    ...overrides,
  });
  run(log);
  return written;
}

describe('log levels', () => {
  for (const [index, level] of LOG_LEVELS.entries()) {
    it(`${level} writes what is as severe or more, and nothing else`, () => {
      const written = lines((log) => LOG_LEVELS.map((severity) => log[severity](severity)), { level });
      assert.deepEqual(
        written.map((line) => /msg=(\w+)/.exec(line)?.[1]),
        LOG_LEVELS.slice(index),
      );
    });
  }
});

describe('logfmt', () => {
  it('is one line of time, level, message and fields', () => {
    const [line] = lines((log) => log.warn('token rotated', { pod: 'a-0', tokens: 3, isNew: true }));
    assert.equal(
      line,
      'time=2026-11-24T00:00:00.000Z level=warn msg="token rotated" pod=a-0 tokens=3 isNew=true\n',
    );
  });

  for (const { it: title, value, text } of [
    { it: 'a blank', value: 'a b', text: '"a b"' },
    { it: 'nothing', value: '', text: '""' },
    { it: 'a quote', value: 'a"b', text: '"a\\"b"' },
    { it: 'an equals sign', value: 'a=b', text: '"a=b"' },
    { it: 'a line feed', value: 'a\nlevel=error', text: '"a\\nlevel=error"' },
    { it: 'an escape', value: '\x1b[31m\x9b', text: '"\\u001b[31m\\u009b"' },
    { it: 'a change of direction', value: '\u202e', text: '"\\u202e"' },
  ]) {
    it(`quotes ${title}`, () => {
      assert.ok(lines((log) => log.info('m', { value }))[0]?.endsWith(` value=${text}\n`));
    });
  }
});

describe('JSON lines', () => {
  it('are objects of the same fields', () => {
    const fields: Fields = { value: 'a "b"\n\x1b\u202e', count: 3, isNew: false };
    const [line = ''] = lines((log) => log.error('m', fields), { format: 'json' });
    assert.deepEqual(JSON.parse(line), {
      time: '2026-11-24T00:00:00.000Z',
      level: 'error',
      msg: 'm',
      ...fields,
    });
    assert.match(line, /^[\x20-\x7e]+\n$/);
  });
});

describe('errorFields', () => {
  const secret = 'eyJhbGciOiJIUzI1NiJ9.e30.c2VjcmV0';

  const cases = [
    { it: 'a message', error: new Error(secret) },
    {
      it: 'a message of many lines that look like a stack',
      error: new Error(`x\n    at ${secret}\n    at ${secret}`),
    },
    { it: 'a cause', error: new Error('x', { cause: new Error(secret) }) },
    { it: 'the errors of an aggregate', error: new AggregateError([new Error(secret)], 'x') },
    { it: 'what is no error', error: secret },
    { it: 'an object', error: { message: secret, stack: secret } },
    { it: 'a code that is no text', error: Object.assign(new Error('x'), { code: { secret } }) },
    {
      it: 'a message changed later',
      error: Object.assign(new Error(`a\n    at ${secret}`), { message: 'b' }),
    },
  ];
  for (const { it: title, error } of cases) {
    for (const format of LOG_FORMATS) {
      it(`keeps ${title} out of ${format}`, () => {
        const [line = ''] = lines((log) => log.error('m', errorFields(error)), { format });
        assert.match(line, /m/);
        assert.doesNotMatch(line, /eyJ/);
      });
    }
  }

  it('keeps what the engine quotes of JSON out', () => {
    try {
      JSON.parse(`"\n    at ${secret}`);
      assert.fail('that is no JSON');
    } catch (error) {
      assert.ok(error instanceof SyntaxError);
      assert.doesNotMatch(JSON.stringify(errorFields(error)), /eyJ/);
    }
  });

  it('tells kind, code and place', () => {
    const { error, code, at } = errorFields(Object.assign(new TypeError('x'), { code: 'EACCES' }));
    assert.deepEqual([error, code], ['TypeError', 'EACCES']);
    assert.match(String(at), /log\.test\.ts:\d+:\d+/);
  });

  it('tells what it can of an error without a stack', () => {
    const error = new Error('x');
    delete error.stack;
    assert.deepEqual(errorFields(error), { error: 'Error', code: '', at: '' });
  });
});
