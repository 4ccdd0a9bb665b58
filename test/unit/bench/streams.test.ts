import { expect, test } from 'vitest';
import { pieceOf, Stream } from '../../../bench/contestants/streams.ts';

const run = { ns: 'run', types: 1, streamStartMs: 1_000 };
const stream = (changes: Partial<Stream> = {}): Stream =>
  Stream.parse({ lane: 'all', from: 0, count: 10_000, keys: 100, ...changes });
const pieces = (one: Stream) => Array.from({ length: one.count }, (_, number) => pieceOf(one, number, run));

test('every piece of work is fresh, and named by its run', () => {
  const all = pieces(stream());
  expect(new Set(all.map(({ workId }) => workId)).size).toBe(10_000);
  expect(all[7]).toMatchObject({ workId: 'run-7', index: 7, tenantId: 'tenant-7', failAttempts: 0 });
});

test.each([0, 1, 10])('%s in a hundred fail once', (failPercent) => {
  const failing = pieces(stream({ failPercent })).filter(({ failAttempts }) => failAttempts === 1);
  expect(failing).toHaveLength(failPercent * 100);
});

test('work is spread evenly between its bounds', () => {
  const work = pieces(stream({ workMicros: { from: 0, to: 5_000 } })).map(({ workMicros }) => workMicros);
  expect(Math.min(...work)).toBe(0);
  expect(Math.max(...work)).toBe(5_000);
  const mean = work.reduce((sum, micros) => sum + micros, 0) / work.length;
  expect(mean).toBeGreaterThan(2_450);
  expect(mean).toBeLessThan(2_550);
});

test('with several job types every type gets every key', () => {
  const { keys } = stream({ keys: 3 });
  const seen = new Set(
    Array.from({ length: 12 }, (_, number) => {
      const piece = pieceOf(stream({ keys }), number, { ...run, types: 2 });
      return `${number % 2}/${piece.tenantId}`;
    }),
  );
  expect(seen.size).toBe(6);
});

test('a key that fails for a time works again after it', () => {
  expect(pieceOf(stream({ failForMs: 500 }), 0, run).failUntilMs).toBe(1_500);
});
