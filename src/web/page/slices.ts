/**
 * A long text in pieces, so that it neither occupies the process for long nor is in memory as a whole more than once.
 */

/** Each piece takes little time to make. */
export type Pieces = Generator<string, undefined, undefined>;

const ITEMS = 50;

/** The text of a list, a few items at a time. */
export function* listInPieces<T>(list: readonly T[], toText: (item: T, index: number) => string): Pieces {
  let text = '';
  for (const [index, item] of list.entries()) {
    text += toText(item, index);
    if ((index + 1) % ITEMS !== 0) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

/** Awaits `turn` after each piece. */
export async function* inTurns(pieces: Pieces, turn: () => Promise<void>): AsyncGenerator<string, void> {
  for (const piece of pieces) {
    yield piece;
    await turn();
  }
}

/** Makes the whole text at once. */
export function atOnce(pieces: Pieces): string {
  return Array.from(pieces).join('');
}
