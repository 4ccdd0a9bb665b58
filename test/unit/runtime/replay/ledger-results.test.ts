import { expect, test } from 'vitest';
import type { BatchValue } from '../../../../src/runtime/replay/control-values.ts';
import {
  LEDGER_OUTCOMES,
  type LedgerResult,
  packResults,
  unpackResults,
} from '../../../../src/runtime/replay/ledger-results.ts';

const inboxes: BatchValue['inboxes'] = [
  { topic: 'shop.job.send-receipt', ends: [[0, '0']] },
  { topic: 'shop.job.send-receipt.high', ends: [[0, '0']] },
];

const read = (results: string): readonly LedgerResult[] =>
  unpackResults({
    ...{ v: 1, kind: 'replay.batch', atMs: 1, fence: '1', chunk: 0, from: 0, to: 1, inboxes, results },
  });

const copyAt = (topic: number, partition: number, offset: bigint): NonNullable<LedgerResult['inbox']> => ({
  ...{ topic: inboxes[topic]?.topic ?? '', partition, offset },
});

test('results come back as they were, every outcome of them', () => {
  const results: LedgerResult[] = [
    { outcome: 'replayed', inbox: copyAt(0, 3, 31n) },
    { outcome: 'replayed', inbox: copyAt(0, 3, 32n) },
    { outcome: 'forced', inbox: copyAt(1, 0, 0n) },
    ...LEDGER_OUTCOMES.map((outcome) => ({ outcome })),
    ...LEDGER_OUTCOMES.flatMap((outcome) => [{ outcome }, { outcome }, { outcome }]),
  ];
  expect(read(packResults(results, inboxes))).toEqual(results);
  expect(read(packResults([], inboxes))).toEqual([]);
});

test('what came to the same, and has no copy, is one word', () => {
  const others: LedgerResult[] = Array.from({ length: 2_000 }, () => ({ outcome: 'other' }));
  expect(packResults([...others, { outcome: 'done' }], inboxes)).toBe('o~7d0 d');
});

// As versions before windows wrote it: a word for each record.
test('a ledger that says each by itself is read as ever', () => {
  expect(read('r0.3.1f d d u').map(({ outcome }) => outcome)).toEqual([
    'replayed',
    'done',
    'done',
    'undecodable',
  ]);
  expect(read('r0.3.1f')[0]?.inbox).toEqual(copyAt(0, 3, 31n));
});
