import { describe, expect, it } from 'vitest';
import { shareReads } from '../../../activities/step/shared-read.ts';

/** A store whose reads take effect when they begin, and answer when they are let go. */
function startStore(pause: Promise<unknown> = Promise.resolve()) {
  const pending: { answer: () => void; refuse: (error: Error) => void }[] = [];
  let value = 1;
  return {
    pending,
    write: (next: number) => (value = next),
    read: shareReads(
      () => {
        const seen = value;
        return new Promise<number>((resolve, reject) => pending.push({ answer: () => resolve(seen), refuse: reject }));
      },
      () => pause,
    ),
  };
}

const pool = { namespace: 'a', name: 'pool' };
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('shareReads', () => {
  it('answers nobody with what was read before the question', async () => {
    const { read, write, pending } = startStore();
    const first = read(pool);
    write(2);
    const second = read(pool);
    const third = read(pool);
    pending[0]?.answer();
    await expect(first).resolves.toBe(1);
    await turn();
    write(3);
    const fourth = read(pool);
    expect(pending).toHaveLength(2);
    pending[1]?.answer();
    await expect(Promise.all([second, third])).resolves.toEqual([2, 2]);
    await turn();
    expect(pending).toHaveLength(3);
    pending[2]?.answer();
    await expect(fourth).resolves.toBe(3);
  });

  it('fails for those who asked, and reads again for the next', async () => {
    const { read, pending } = startStore();
    const [first, second] = [read(pool), read(pool)];
    pending[0]?.refuse(new Error('away'));
    await expect(first).rejects.toThrow('away');
    await turn();
    pending[1]?.answer();
    await expect(second).resolves.toBe(1);
    await turn();
    const third = read(pool);
    expect(pending).toHaveLength(3);
    pending[2]?.answer();
    await expect(third).resolves.toBe(1);
  });

  it('rests after a read that others waited for, and not before one that nobody else is at', async () => {
    const pause = Promise.withResolvers<void>();
    const { read, write, pending } = startStore(pause.promise);
    const [, second] = [read(pool), read(pool)];
    pending[0]?.answer();
    await turn();
    expect(pending).toHaveLength(1);
    const third = read(pool);
    write(2);
    pause.resolve();
    await turn();
    pending[1]?.answer();
    await expect(Promise.all([second, third])).resolves.toEqual([2, 2]);
    await turn();
    void read(pool);
    expect(pending).toHaveLength(3);
  });

  it('keeps objects apart', async () => {
    const { read, pending } = startStore();
    const reads = [read(pool), read({ namespace: 'b', name: 'pool' })];
    expect(pending).toHaveLength(2);
    for (const { answer } of pending) answer();
    await expect(Promise.all(reads)).resolves.toEqual([1, 1]);
  });
});
