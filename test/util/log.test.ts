/**
 * Log lines, and what must never appear in one.
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

/** Returns the lines that `run` logs. */
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
    it(`${level} writes its own level and more severe ones only`, () => {
      const written = lines((log) => LOG_LEVELS.map((severity) => log[severity](severity)), { level });
      assert.deepEqual(
        written.map((line) => /msg=(\w+)/.exec(line)?.[1]),
        LOG_LEVELS.slice(index),
      );
    });
  }
});

describe('logfmt', () => {
  it('writes time, level, message and fields on one line', () => {
    const [line] = lines((log) => log.warn('token rotated', { pod: 'a-0', tokens: 3, isNew: true }));
    assert.equal(
      line,
      'time=2026-11-24T00:00:00.000Z level=warn msg="token rotated" pod=a-0 tokens=3 isNew=true\n',
    );
  });

  for (const { it: title, value, text } of [
    { it: 'a space', value: 'a b', text: '"a b"' },
    { it: 'an empty string', value: '', text: '""' },
    { it: 'a quote', value: 'a"b', text: '"a\\"b"' },
    { it: 'an equals sign', value: 'a=b', text: '"a=b"' },
    { it: 'a line feed', value: 'a\nlevel=error', text: '"a\\nlevel=error"' },
    { it: 'an escape sequence', value: '\x1b[31m\x9b', text: '"\\u001b[31m\\u009b"' },
    { it: 'a right-to-left override', value: '\u202e', text: '"\\u202e"' },
  ]) {
    it(`quotes ${title}`, () => {
      assert.ok(lines((log) => log.info('m', { value }))[0]?.endsWith(` value=${text}\n`));
    });
  }
});

describe('JSON lines', () => {
  it('hold the same fields as an object', () => {
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
    { it: 'a string that was thrown', error: secret },
    { it: 'an object that was thrown', error: { message: secret, stack: secret } },
    { it: 'a code that is not a string', error: Object.assign(new Error('x'), { code: { secret } }) },
    {
      it: 'a message that was changed later',
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

  it('keeps the input quoted by a SyntaxError of JSON.parse out', () => {
    try {
      JSON.parse(`"\n    at ${secret}`);
      assert.fail('not JSON');
    } catch (error) {
      assert.ok(error instanceof SyntaxError);
      assert.doesNotMatch(JSON.stringify(errorFields(error)), /eyJ/);
    }
  });

  it('returns the name, the code and the place of the error', () => {
    const { error, code, at } = errorFields(Object.assign(new TypeError('x'), { code: 'EACCES' }));
    assert.deepEqual([error, code], ['TypeError', 'EACCES']);
    assert.match(String(at), /log\.test\.ts:\d+:\d+/);
  });

  it('returns an empty place for an error without a stack', () => {
    const error = new Error('x');
    delete error.stack;
    assert.deepEqual(errorFields(error), { error: 'Error', code: '', at: '' });
  });
});
