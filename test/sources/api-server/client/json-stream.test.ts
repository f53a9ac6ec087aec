/**
 * Streaming JSON, in chunks of any size.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { ResponseError } from '../../../../src/sources/api-server/client/failures.ts';
import { parseJson, parseLines, parseList } from '../../../../src/sources/api-server/client/json-stream.ts';

const MEBIBYTE = 1024 * 1024;

/** A body in chunks of `size` bytes. */
async function* bodyOf(text: string | Buffer, size = 7): AsyncIterable<Buffer> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function listOf(text: string | Buffer, size?: number) {
  const items: unknown[] = [];
  const frame = await parseList(bodyOf(text, size), (item) => items.push(item));
  return { frame, items };
}

function failing(failure: string): (error: unknown) => boolean {
  return (error) => error instanceof ResponseError && error.failure === failure;
}

describe('parsing a whole body', () => {
  it('returns its JSON', async () =>
    assert.deepEqual(await parseJson(bodyOf('{"a":[1,"ü"]}', 1)), { a: [1, 'ü'] }));

  for (const text of ['', '{', 'null}', '<html>', '{"a":1}{"b":2}'])
    it(`fails with bad_answer for ${text || 'an empty body'}`, () =>
      assert.rejects(parseJson(bodyOf(text)), failing('bad_answer')));

  it('accepts 4 MiB and fails with too_large for more', async () => {
    const text = (length: number) => JSON.stringify('x'.repeat(length - 2));
    assert.equal(String(await parseJson(bodyOf(text(4 * MEBIBYTE), 65_536))).length, 4 * MEBIBYTE - 2);
    await assert.rejects(parseJson(bodyOf(text(4 * MEBIBYTE + 1), 65_536)), failing('too_large'));
  });
});

describe('parsing lines', () => {
  it('yields one value per line, in chunks of any size', async () => {
    const text = '{"a":1}\n{"b":"\\n"}\n{"c":"漢"}\n';
    for (let size = 1; size <= text.length; size += 1)
      assert.deepEqual(await Array.fromAsync(parseLines(bodyOf(text, size))), [
        { a: 1 },
        { b: '\n' },
        { c: '漢' },
      ]);
  });

  for (const text of ['\n', '{"a":1}\n\n', '{\n', '1\n{"half', '1\n1'])
    it(`fails with bad_answer for ${JSON.stringify(text)}`, () =>
      assert.rejects(Array.fromAsync(parseLines(bodyOf(text))), failing('bad_answer')));

  it('fails with too_large after 16 MiB without a line feed', async () => {
    let chunks = 0;
    const endless = async function* (): AsyncIterable<Buffer> {
      for (;;) {
        chunks += 1;
        yield Buffer.alloc(65_536, 'x');
      }
    };
    await assert.rejects(Array.fromAsync(parseLines(endless())), failing('too_large'));
    assert.equal(chunks, 257);
  });
});

describe('parsing a list', () => {
  it('passes on each object and returns the list without them, in chunks of any size', async () => {
    const text = '{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[{"a":[{}]},{"b":"]}\\""}]}';
    for (let size = 1; size <= text.length; size += 1)
      assert.deepEqual(await listOf(text, size), {
        frame: { kind: 'PodList', metadata: { resourceVersion: '7' }, items: [0, 0] },
        items: [{ a: [{}] }, { b: ']}"' }],
      });
  });

  it('accepts an empty list, also if items is null', async () => {
    for (const items of ['[]', 'null', '[ ]'])
      assert.deepEqual((await listOf(`{"kind":"PodList","items":${items}}`)).items, []);
  });

  const malformed = [
    ['an empty body', ''],
    ['half a list', '{"items":[{"a":1},{"b":'],
    ['a list without its closing brace', '{"items":[{"a":1}]'],
    ['a bare array', '[{"a":1}]'],
    ['an array in an array', '[[{"a":1}]]'],
    ['a string', '"items"'],
    ['objects without a comma', '{"items":[{}{}]}'],
    ['objects in another field', '{"items":[],"others":[{}]}'],
    ['objects in another field only', '{"others":[{}]}'],
    ['items that are an object', '{"items":{"a":{}}}'],
    ['closing brackets only', ']]]]'],
    ['two lists', '{"items":[{}]}{"items":[{}]}'],
    ['an unterminated string', '{"items":["]}'],
  ] as const;
  for (const [title, text] of malformed)
    it(`fails with bad_answer for ${title}`, () => assert.rejects(listOf(text), failing('bad_answer')));

  it('passes on items that are no objects after the objects', async () => {
    const { items } = await listOf('{"items":[0,{"a":1},null,"b",[2],{"c":3},0]}');
    assert.deepEqual(items, [{ a: 1 }, [2], { c: 3 }, null, 'b', 0, 0]);
  });

  it('accepts an object of 9 MiB, which etcd can hold', async () => {
    const large = { a: 'x'.repeat(9 * MEBIBYTE) };
    assert.deepEqual((await listOf(JSON.stringify({ items: [large, {}] }), 65_536)).items, [large, {}]);
  });

  it('passes on undefined for an object of more than 16 MiB, and the others as they are', async () => {
    const large = { a: 'x'.repeat(16 * MEBIBYTE) };
    const text = JSON.stringify({ items: [{ b: 1 }, large, { c: 2 }] });
    assert.deepEqual((await listOf(text, 65_536)).items, [{ b: 1 }, undefined, { c: 2 }]);
  });

  it('fails with too_large if the list is too large without its objects', async () => {
    const large = `{"kind":"${'x'.repeat(MEBIBYTE)}","items":[]}`;
    await assert.rejects(listOf(large, 65_536), failing('too_large'));
  });

  it('fails with what the callback throws', async () => {
    const refuse = (): void => {
      throw new ResponseError('too_large');
    };
    await assert.rejects(parseList(bodyOf('{"items":[{},{}]}'), refuse), failing('too_large'));
  });

  it('yields the same objects as JSON.parse, for any objects in any chunks', () =>
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

  it('fails with a ResponseError or yields the same objects as JSON.parse, for any text', () =>
    fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[{}[\]",:\\0a ]{0,40}$/), async (text) => {
        const outcome = await listOf(text).catch((error: unknown) => error);
        if (outcome instanceof ResponseError) return;
        const { items } = JSON.parse(text) as { items?: unknown[] };
        const found = (outcome as { items: unknown[] }).items;
        assert.equal(found.length, (items ?? []).length);
        const objects = (all: readonly unknown[]) =>
          all.filter((one) => typeof one === 'object' && one !== null);
        assert.deepEqual(objects(found), objects(items ?? []));
      }),
      { numRuns: 2_000 },
    ));
});
