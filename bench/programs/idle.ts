import { z } from 'zod';
import type { AppShape } from '../contestants/app-shape.ts';
import { prepareApp } from '../harness/app-run.ts';
import type { Program } from '../program.ts';
import { measuredOf } from '../statistics.ts';
import { manyTypesShape } from './many-types.ts';

const SETTLE_MS = 5_000;
const PARTITIONS = 6;

/** As a user has it: the default partitions and the default ladder with its twelve relays. */
const idleShape = (ns: string): AppShape => {
  const { tiersMs: _, ...shape } = manyTypesShape(ns, false);
  // Retries go to a tier of the ladder, so that none is added.
  const jobs = shape.jobs.map((job) => ({ ...job, backoffMs: [1_000] }));
  return { ...shape, jobs, partitions: PARTITIONS };
};

/** What a worker costs that has nothing to do. */
export const idle: Program = {
  name: 'idle',
  what: 'CPU of an idle worker with 24 job types and the relays of the default ladder',
  run: async (stage) => {
    const shape = idleShape(stage.freshName('idle'));
    try {
      await prepareApp(stage, shape);
      const input = { shape, settleMs: SETTLE_MS, watchMs: stage.sizes.idleSeconds * 1_000 };
      const { cpuPercent } = await stage.watched(
        () => stage.start('idle-worker', input, z.object({ cpuPercent: z.number() })).result,
      );
      return { figures: { idleCpuPercent: measuredOf([cpuPercent]) }, notes: [] };
    } finally {
      await stage.clear(shape.ns);
    }
  },
};
