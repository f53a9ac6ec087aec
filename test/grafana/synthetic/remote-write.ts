/**
 * Series in the remote write protocol of Prometheus, version 1: protobuf in snappy.
 *
 * Only what a test needs: the snappy blocks are literals, which are not compressed.
 */

const LENGTH_DELIMITED = 2;
const FIXED_64 = 1;
/** The longest literal with a length of two bytes. */
const MAX_LITERAL = 65_536;
const LITERAL_OF_TWO_BYTES = 61 << 2;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Buffer.from([...bytes, rest]);
}

function tag(field: number, type: number): Buffer {
  return Buffer.from([(field << 3) + type]);
}

function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([tag(number, LENGTH_DELIMITED), varint(content.length), content]);
}

/** `at` is in epoch seconds. */
function sample(value: number, at: number): Buffer {
  const bits = Buffer.alloc(8);
  bits.writeDoubleLE(value);
  return Buffer.concat([tag(1, FIXED_64), bits, tag(2, 0), varint(at * 1_000)]);
}

/** The samples of a series, as a part of it. They must be in the order of their times. */
export function encodeSamples(samples: readonly (readonly [value: number, at: number])[]): Buffer {
  return Buffer.concat(samples.map(([value, at]) => field(2, sample(value, at))));
}

/** A series of a request. Labels must be in the order of their names. */
export function encodeSeries(
  labels: readonly (readonly [name: string, value: string])[],
  samples: Buffer,
): Buffer {
  const pairs = labels.map(([name, value]) =>
    field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))])),
  );
  return field(1, Buffer.concat([...pairs, samples]));
}

/** A request with the series. */
function compress(series: readonly Buffer[]): Uint8Array<ArrayBuffer> {
  const content = Buffer.concat(series);
  const parts: Buffer[] = [varint(content.length)];
  for (let at = 0; at < content.length; at += MAX_LITERAL) {
    const literal = content.subarray(at, at + MAX_LITERAL);
    const length = literal.length - 1;
    parts.push(Buffer.from([LITERAL_OF_TWO_BYTES, length % 256, Math.floor(length / 256)]), literal);
  }
  return Uint8Array.from(Buffer.concat(parts));
}

/** Sends series to a Prometheus with a remote write receiver. */
export async function sendSeries(url: string, series: readonly Buffer[]): Promise<void> {
  const response = await fetch(`${url}/api/v1/write`, {
    method: 'POST',
    headers: {
      'Content-Encoding': 'snappy',
      'Content-Type': 'application/x-protobuf',
      'X-Prometheus-Remote-Write-Version': '0.1.0',
    },
    body: compress(series),
  });
  if (!response.ok) throw new Error(`remote write: ${response.status} ${await response.text()}`);
}
