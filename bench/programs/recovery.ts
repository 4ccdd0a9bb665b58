import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { type AppShape, simpleShape } from '../contestants/app-shape.ts';
import { epochMs } from '../contestants/epoch.ts';
import { prepareApp, startPublisher } from '../harness/app-run.ts';
import { BenchFailure } from '../harness/check-effects.ts';
import type { Child } from '../harness/child.ts';
import type { Stage } from '../harness/stage.ts';
import { waitUntil } from '../harness/wait-until.ts';
import type { Findings, Program } from '../program.ts';
import { measuredOf } from '../statistics.ts';
import { RecoveryLog } from './recovery-log.ts';

const PER_SECOND = 100;
const KEYS = 60;
/** Long enough for some jobs to be in flight at any moment. */
const WORK = { from: 300_000, to: 300_000 };
const STEADY_SECONDS = 4;
/** What may pass beyond the lease before the run is given up. */
const PATIENCE_MS = 60_000;

const startReporting = (stage: Stage, shape: AppShape, name: string, log: RecoveryLog): Child<unknown> =>
  stage.start('reporting-worker', { shape, sessionTimeoutMs: shape.leaseMs }, z.unknown(), {
    onWord: (word) => log.add(name, word),
  });

/** Kills one of two workers in the middle of a steady stream. */
const killOne = async (stage: Stage, shape: AppShape, log: RecoveryLog): Promise<number> => {
  const victim = startReporting(stage, shape, 'victim', log);
  await victim.ready;
  const other = startReporting(stage, shape, 'other', log);
  await other.ready;
  const seconds = STEADY_SECONDS * 2 + shape.leaseMs / 1_000;
  const count = seconds * PER_SECOND;
  const stream = { lane: 'all', from: 0, count, keys: KEYS, perSecond: PER_SECOND, workMicros: WORK };
  const publisher = startPublisher(stage, shape, [stream]);
  await publisher.ready;
  await pause(STEADY_SECONDS * 1_000);
  await victim.kill();
  log.kill(epochMs());
  if (log.inFlight().length === 0) throw new BenchFailure('the killed worker had nothing in flight');
  await publisher.result;
  await waitUntil('all work to take effect', () => log.effects(count).missing === 0, PATIENCE_MS);
  other.tell('stop');
  await other.result;
  return count;
};

const findingsOf = (log: RecoveryLog, count: number, leaseMs: number): Findings => {
  const seconds = log.recoverySeconds();
  const takeOver = log.takeOverSeconds();
  const { repeated } = log.effects(count);
  const inFlight = log.inFlight().length;
  if (seconds === undefined) throw new BenchFailure('what was in flight never ran again');
  if (repeated > inFlight) throw new BenchFailure(`${repeated} second effects, ${inFlight} in flight`);
  return {
    figures: { recoverySeconds: measuredOf([seconds]), leaseSeconds: measuredOf([leaseMs / 1_000]) },
    notes: [
      { what: 'jobs in flight in the killed worker', value: measuredOf([inFlight]), unit: 'jobs' },
      { what: 'second effects (promised: at most those)', value: measuredOf([repeated]), unit: 'jobs' },
      ...(takeOver === undefined
        ? []
        : [{ what: 'kill to first new job of its keys', value: measuredOf([takeOver]), unit: 's' }]),
    ],
  };
};

/** (e) From SIGKILL of one of two workers to its records running again. */
export const recovery: Program = {
  name: 'recovery',
  what: 'SIGKILL of one of two workers: until what it had in flight runs again',
  run: async (stage) => {
    const { leaseMs } = stage.sizes;
    const shape = simpleShape(stage.freshName('recovery'), { leaseMs });
    const log = new RecoveryLog('victim');
    try {
      await prepareApp(stage, shape);
      const count = await stage.watched(() => killOne(stage, shape, log));
      return findingsOf(log, count, leaseMs);
    } finally {
      await stage.clear(shape.ns);
    }
  },
};
