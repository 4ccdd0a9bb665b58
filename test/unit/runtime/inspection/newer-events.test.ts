import { expect, test } from 'vitest';
import type { JobEvent } from '../../../../src/index.ts';
import { contractsOf } from '../../../../src/runtime/backend.ts';
import { createMemorySource } from '../../../../src/serde/memory-source.ts';
import { createSerde } from '../../../../src/serde/serde.ts';
import { createJobLog } from '../../../../src/telemetry/job-log.ts';
import { invoice } from '../../../support/invoices.ts';
import { jobEventVersion, nextFields } from '../../../support/next-job-event.ts';
import { projected } from '../../../support/projected.ts';
import { recordingLog } from '../../../support/recording-log.ts';
import { invoicePaid, onInvoice, openBench } from '../../consumers/bench.ts';
import { lookAt } from './look.ts';

const next = jobEventVersion(nextFields);

/** A job that has run here, and what a newer version has told of it since, in its own version of the contract. */
const toldByNewer = async (type: string) => {
  const source = createMemorySource();
  const bench = openBench([onInvoice()], { serde: () => createSerde({ source }) });
  for (const contract of [...contractsOf(bench.app), next]) source.add(contract);
  const esteira = await bench.run();
  await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
  await esteira.idle();
  const [completed] = bench.types('job.completed');
  if (completed === undefined) throw new Error('the job has not completed');
  const newer: JobEvent & { readonly shard: string } = {
    ...completed,
    ...{ eventId: '00000000-0000-5000-8000-000000000001', type, time: completed.time + 1_000, shard: 'eu' },
  };
  const value = await createSerde({ source }).encode(next, newer);
  await bench.write('bench.telemetry.jobs', value, []);
  return { ...lookAt(bench), backend: bench.backend, jobId: completed.jobId, newer };
};

test('an event of a type that only a newer version knows is passed over: the job is where it was', async () => {
  const { look, jobId } = await toldByNewer('job.teleported');
  expect(await look(jobId)).toMatchObject({ state: 'completed', waitsFor: 'nothing' });
});

test('an event of a newer version of the contract is read: the job is where that one says', async () => {
  const { look, jobId } = await toldByNewer('job.sent_to_dlq');
  expect(await look(jobId)).toMatchObject({ state: 'dead' });
});

// The `jobs` view once called a completed job waiting, for the last that was told of it was nothing it knew.
test('in the projection both are there, and the first moves no job', async () => {
  for (const [type, state] of [
    ['job.teleported', 'completed'],
    ['job.sent_to_dlq', 'dead'],
  ] as const) {
    const { backend } = await toldByNewer(type);
    await projected('bench', backend, async (ask) => {
      expect(await ask(`SELECT count(*) FROM job_events WHERE type = '${type}'`)).toEqual([[1]]);
      expect(await ask('SELECT state FROM jobs')).toEqual([[state]]);
      expect(await ask('SELECT count(*) FROM projection_problems')).toEqual([[0]]);
    });
  }
});

test('a listener that meets a type it does not know says so, and goes on', async () => {
  const log = recordingLog();
  const { newer } = await toldByNewer('job.teleported');
  createJobLog(log)(newer);
  expect(log.lines).toMatchObject([
    { message: 'job.event_of_unknown_type', facts: { type: 'job.teleported' } },
  ]);
});
