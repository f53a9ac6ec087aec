/**
 * Buffers are reused, but never while a holder needs their bytes.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type BufferPool, createBufferPool, type PooledBytes } from '../../src/metrics/buffer-pool.ts';

function acquire(pool: BufferPool, text: string): PooledBytes {
  return pool.fill((write) => write(text)).acquire();
}

const MIB = 1024 * 1024;

describe('createBufferPool', () => {
  it('returns the bytes of all chunks, also if they exceed the initial size of the buffer', () => {
    const large = 'é'.repeat(100_000);
    const { bytes } = createBufferPool()
      .fill((write) => {
        write('a');
        write(Buffer.from('b'));
        write(large);
      })
      .acquire();
    assert.equal(bytes.toString(), `ab${large}`);
  });

  it('takes little more memory than a large exposition has bytes', () => {
    const part = Buffer.alloc(8 * MIB, 'a');
    const { fill } = createBufferPool();
    const { bytes } = fill((write) => {
      write(part);
      write(part);
    }).acquire();
    assert.equal(bytes.length, 16 * MIB);
    assert.ok(bytes.buffer.byteLength <= 20 * MIB, `${bytes.buffer.byteLength}`);
  });

  it('reuses a buffer after its last holder has released it', () => {
    const pool = createBufferPool();
    const shared = pool.fill((write) => write('first'));
    const [one, other] = [shared.acquire(), shared.acquire()];
    one.release();
    assert.notEqual(acquire(pool, 'second').bytes.buffer, one.bytes.buffer);
    assert.equal(other.bytes.toString(), 'first');
    other.release();
    assert.equal(acquire(pool, 'third').bytes.buffer, one.bytes.buffer);
  });

  it('ignores a second release by the same holder', () => {
    const pool = createBufferPool();
    const shared = pool.fill((write) => write('first'));
    const [one, other] = [shared.acquire(), shared.acquire()];
    one.release();
    one.release();
    assert.notEqual(acquire(pool, 'second').bytes.buffer, other.bytes.buffer);
    assert.equal(other.bytes.toString(), 'first');
  });
});
