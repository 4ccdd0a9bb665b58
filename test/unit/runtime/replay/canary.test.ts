import { beforeEach, expect, test } from 'vitest';
import { JobEvent } from '../../../../src/core/generated/job-event.ts';
import { stepIdOf } from '../../../../src/core/ids.ts';
import { type JobEventType, makeJobEvent } from '../../../../src/core/job-event.ts';
import { planReplay, replayStatus, runReplay } from '../../../../src/runtime/replay/index.ts';
import { only } from '../../../support/only.ts';
import { app, makeWorld, type World } from '../../consumers/dead-letters/world.ts';

const INBOX = 'shop.job.send-receipt';
const LETTERS = 50;
let world: World;
beforeEach(async () => {
  world = await makeWorld();
  return () => world.broker.close();
});

/** What a worker tells of a job. */
const tell = async (type: JobEventType, jobId: string, replayId: string): Promise<void> => {
  const job = app.jobs[0];
  if (job === undefined) throw new Error('the shop has no job');
  const event = makeJobEvent(job, { service: 'worker', host: 'there' }, type, stepIdOf(jobId, type), {
    ...{ time: 1, jobId, tenantId: 'acme', correlationId: 'chain', origin: 'o', hop: 6, replayId },
  });
  await world.producer.send({
    ...{ topic: 'shop.telemetry.jobs', key: Buffer.from('acme'), headers: [] },
    value: await world.serde.encode(JobEvent, event),
  });
};

const planned = async (): Promise<string> => {
  for (let index = 0; index < LETTERS; index += 1)
    await world.die({ key: `k${index}`, job: { id: `job-${index}` } });
  return (await planReplay(world.parts, { jobType: 'send-receipt', reason: 'mended' })).planId;
};

/** Runs with a canary of ten, of which so many fail. */
const runWith = async (planId: string, failures: number) => {
  const tells: Promise<void>[] = [];
  const result = await runReplay(world.parts, {
    ...{ planId, reason: 'mended', options: { rate: 0, canary: 10, canaryWaitMs: 5_000 } },
    onProgress: () => {
      if (tells.length > 0) return;
      const jobs = world.told.filter(({ type }) => type === 'job.replayed').map(({ jobId }) => jobId);
      for (const [index, jobId] of jobs.entries())
        tells.push(tell(index < failures ? 'job.failed' : 'job.completed', jobId, planId));
    },
  });
  await Promise.all(tells);
  return result;
};

test('a canary with 40 % failures stops at its bound and says so; an operator may overrule it', async () => {
  const planId = await planned();
  const stopped = await runWith(planId, 4);
  expect(stopped).toMatchObject({ state: 'stopped', settled: 10 });
  expect(stopped.why).toMatch(/^canary: \d of the first 10 failed, the bound is 10 %$/);
  expect(await world.read(INBOX)).toHaveLength(10);
  expect(await replayStatus(world.parts, planId)).toMatchObject({
    state: 'stopped',
    canary: 'stopped',
    holder: null,
  });
  const audits = await world.audits();
  expect(only(audits.filter(({ action }) => action === 'replay.stop'))).toMatchObject({
    reason: stopped.why,
  });
  expect(
    await runReplay(world.parts, { planId, reason: 'it was the test tenant', resume: true }),
  ).toMatchObject({
    state: 'finished',
    settled: LETTERS,
  });
  expect(await replayStatus(world.parts, planId)).toMatchObject({ canary: 'overruled' });
});

test('a canary within its bound lets the rest go', async () => {
  const planId = await planned();
  expect(await runWith(planId, 1)).toMatchObject({ state: 'finished', settled: LETTERS });
  expect(await replayStatus(world.parts, planId)).toMatchObject({ canary: 'passed' });
});

test('a canary that nobody hears of stops', async () => {
  const planId = await planned();
  const options = { rate: 0, canary: 10, canaryWaitMs: 1 };
  const { state, why } = await runReplay(world.parts, { planId, reason: 'mended', options });
  expect(state).toBe('stopped');
  expect(why).toContain('nothing was heard of 10 of the first 10');
});
