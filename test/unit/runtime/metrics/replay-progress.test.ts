import { expect, test } from 'vitest';
import { replayProgress } from '../../../../src/runtime/metrics/replay-progress.ts';

const signed = { v: 1, atMs: 1, actor: 'ana', reason: 'mended', auditId: 'a' };
const entry = (subject: string, value: unknown) =>
  [subject, { subject, value, offset: 1n, timestampMs: 1 }] as const;

/** A plan of six letters of `settle` and one of `remind`, with what its ledger says so far. */
const entries = (state: string) =>
  new Map([
    entry('replay/p/plan', {
      ...{
        ...signed,
        kind: 'replay.plan',
        selection: 'all',
        total: 7,
        chunks: 2,
        maxReplays: 3,
        approveAbove: 100,
      },
      topics: [
        { topic: 'a.dlq.settle', jobType: 'settle', ends: [[0, '6']] },
        { topic: 'a.dlq.remind', jobType: 'remind', ends: [[0, '1']] },
      ],
      ...{ refused: [], counts: { jobType: {}, reason: {}, fingerprint: {}, tenant: {}, schema: {} } },
    }),
    entry('replay/p/positions/0000', {
      v: 1,
      kind: 'replay.positions',
      topic: 0,
      partition: 0,
      count: 6,
      offsets: '0~6',
    }),
    entry('replay/p/positions/0001', {
      v: 1,
      kind: 'replay.positions',
      topic: 1,
      partition: 0,
      count: 1,
      offsets: '0',
    }),
    entry('replay/p/run', {
      ...{ ...signed, kind: 'replay.run', state, runner: 'r', host: 'h', startedAtMs: 1, canary: 'none' },
      ...{
        telemetryFrom: [],
        options: { rate: 10, canary: 0, failureRatio: 1, canaryWaitMs: 1, undecodable: false },
      },
    }),
    entry('replay/p/batch/0000', {
      ...{ v: 1, kind: 'replay.batch', atMs: 1, fence: '1', chunk: 0, from: 0, to: 4 },
      ...{ inboxes: [{ topic: 'a.job.settle', ends: [[0, '0']] }], results: 'r0.0.1 r0.0.2 d g' },
    }),
  ]);

test('a replay that runs is told by job type: what waits, went back, was left out, failed', () => {
  const progress = replayProgress(entries('running'));
  expect(progress.get('settle')).toEqual({ waiting: 2, replayed: 2, left_out: 1, failed: 1 });
  expect(progress.get('remind')).toEqual({ waiting: 1, replayed: 0, left_out: 0, failed: 0 });
});

test('a replay that is over is told no more', () => {
  expect(replayProgress(entries('finished')).size).toBe(0);
});
