/**
 * Answers cut into pieces, however they come.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { AnswerError } from '../../../src/sources/api-server/failures.ts';
import { linesOf, readList, readWhole } from '../../../src/sources/api-server/json-stream.ts';

const MEBIBYTE = 1024 * 1024;

/** A body that comes in chunks of so many bytes. */
async function* bodyOf(text: string | Buffer, size = 7): AsyncIterable<Buffer> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function listOf(text: string | Buffer, size?: number) {
  const items: unknown[] = [];
  const frame = await readList(bodyOf(text, size), (item) => items.push(item));
  return { frame, items };
}

function failing(failure: string): (error: unknown) => boolean {
  return (error) => error instanceof AnswerError && error.failure === failure;
}

describe('a whole answer', () => {
  it('is its JSON', async () =>
    assert.deepEqual(await readWhole(bodyOf('{"a":[1,"ü"]}', 1)), { a: [1, 'ü'] }));

  for (const text of ['', '{', 'null}', '<html>', '{"a":1}{"b":2}'])
    it(`is wrong as ${text || 'nothing'}`, () =>
      assert.rejects(readWhole(bodyOf(text)), failing('bad_answer')));

  it('is too large beyond 4 MiB, and just large enough at it', async () => {
    const text = (length: number) => JSON.stringify('x'.repeat(length - 2));
    assert.equal(String(await readWhole(bodyOf(text(4 * MEBIBYTE), 65_536))).length, 4 * MEBIBYTE - 2);
    await assert.rejects(readWhole(bodyOf(text(4 * MEBIBYTE + 1), 65_536)), failing('too_large'));
  });
});

describe('lines', () => {
  it('are a piece each, whatever the chunks', async () => {
    const text = '{"a":1}\n{"b":"\\n"}\n{"c":"漢"}\n';
    for (let size = 1; size <= text.length; size += 1)
      assert.deepEqual(await Array.fromAsync(linesOf(bodyOf(text, size))), [
        { a: 1 },
        { b: '\n' },
        { c: '漢' },
      ]);
  });

  for (const text of ['\n', '{"a":1}\n\n', '{\n', '1\n{"half', '1\n1'])
    it(`are wrong as ${JSON.stringify(text)}`, () =>
      assert.rejects(Array.fromAsync(linesOf(bodyOf(text))), failing('bad_answer')));

  it('are too large beyond 4 MiB without an end', async () => {
    let chunks = 0;
    const endless = async function* (): AsyncIterable<Buffer> {
      for (;;) {
        chunks += 1;
        yield Buffer.alloc(65_536, 'x');
      }
    };
    await assert.rejects(Array.fromAsync(linesOf(endless())), failing('too_large'));
    assert.equal(chunks, 65);
  });
});

describe('a list', () => {
  it('is its objects and its frame', async () => {
    const text = '{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[{"a":[{}]},{"b":"]}\\""}]}';
    for (let size = 1; size <= text.length; size += 1)
      assert.deepEqual(await listOf(text, size), {
        frame: { kind: 'PodList', metadata: { resourceVersion: '7' }, items: [0, 0] },
        items: [{ a: [{}] }, { b: ']}"' }],
      });
  });

  it('may be empty, or say so by null', async () => {
    for (const items of ['[]', 'null', '[ ]'])
      assert.deepEqual((await listOf(`{"kind":"PodList","items":${items}}`)).items, []);
  });

  const wrong = [
    ['nothing', ''],
    ['half a list', '{"items":[{"a":1},{"b":'],
    ['a list without its end', '{"items":[{"a":1}]'],
    ['a bare array', '[{"a":1}]'],
    ['an array in an array', '[[{"a":1}]]'],
    ['a text', '"items"'],
    ['numbers among the objects', '{"items":[{"a":1},0]}'],
    ['a number for an object', '{"items":[5]}'],
    ['objects without a comma', '{"items":[{}{}]}'],
    ['objects elsewhere', '{"items":[],"others":[{}]}'],
    ['objects elsewhere alone', '{"others":[{}]}'],
    ['items that are an object', '{"items":{"a":{}}}'],
    ['closing brackets alone', ']]]]'],
    ['two lists', '{"items":[{}]}{"items":[{}]}'],
    ['a string without its end', '{"items":["]}'],
  ] as const;
  for (const [title, text] of wrong)
    it(`is wrong as ${title}`, () => assert.rejects(listOf(text), failing('bad_answer')));

  it('is too large where one object is', async () => {
    const large = `{"items":[{"a":"${'x'.repeat(4 * MEBIBYTE)}"}]}`;
    await assert.rejects(listOf(large, 65_536), failing('too_large'));
  });

  it('is too large where its frame is', async () => {
    const large = `{"kind":"${'x'.repeat(MEBIBYTE)}","items":[]}`;
    await assert.rejects(listOf(large, 65_536), failing('too_large'));
  });

  it('ends with what is thrown at an object', async () => {
    const refuse = (): void => {
      throw new AnswerError('too_large');
    };
    await assert.rejects(readList(bodyOf('{"items":[{},{}]}'), refuse), failing('too_large'));
  });

  it('is what JSON.parse makes of it, for any objects in any chunks', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue())),
        fc.integer({ min: 1, max: 64 }),
        async (items, size) => {
          const text = JSON.stringify({ kind: 'PodList', metadata: { a: '[{' }, items });
          assert.deepEqual((await listOf(text, size)).items, JSON.parse(text).items);
        },
      ),
    ));

  it('is a list or a wrong answer, for any bytes', () =>
    fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[{}[\]",:\\0a ]{0,40}$/), async (text) => {
        const outcome = await listOf(text).catch((error: unknown) => error);
        if (outcome instanceof AnswerError) return;
        const { items } = JSON.parse(text) as { items?: unknown[] };
        assert.deepEqual((outcome as { items: unknown[] }).items, items ?? []);
      }),
      { numRuns: 2_000 },
    ));
});
