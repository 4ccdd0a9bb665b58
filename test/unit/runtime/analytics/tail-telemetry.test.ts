import { expect, onTestFinished, test } from 'vitest';
import type { JobEvent } from '../../../../src/core/generated/job-event.ts';
import { knownTenants } from '../../../../src/index.ts';
import { type TailQuery, tailTelemetry } from '../../../../src/runtime/analytics/tail-telemetry.ts';
import { invoice } from '../../../support/invoices.ts';
import { waitFor } from '../../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from '../../consumers/bench.ts';

const HOUR_MS = 3_600_000;
/** Tenants that are called as types of events and of jobs: what an event only mentions was not asked for. */
const ODD = 'job.started';
const nameOf = ({ type, jobType, tenantId }: JobEvent): string => `${type} ${jobType} ${tenantId}`;

/** Two job types on the same events, told on so many partitions. */
const toldBench = async (partitions: number) => {
  const bench = openBench([onInvoice(), onInvoice({ type: 'archive' })], {
    ...{ partitions, tenants: knownTenants(['settle', ODD]) },
  });
  const esteira = await bench.run();
  const publish = (id: string, tenant: string) => esteira.publish(invoicePaid, invoice(id), { tenant, id });
  const tail = (query: Partial<TailQuery>) =>
    tailTelemetry(
      { app: bench.app, backend: bench.backend },
      { last: 1_000, sinceMs: Date.now() - HOUR_MS, ...query },
    );
  /** What is there already. */
  const found = async (query: Partial<TailQuery>): Promise<readonly JobEvent[]> => {
    const all: JobEvent[] = [];
    for await (const events of tail(query)) all.push(...events);
    return all;
  };
  return { publish, tail, found, idle: () => esteira.idle() };
};

// On one partition nothing but the filter keeps tenants apart.
test.each([1, 4])(
  'shows what was told by type, job, job type and tenant, on %i partitions',
  async (partitions) => {
    const { publish, found, idle } = await toldBench(partitions);
    await publish('1', ODD);
    await publish('2', 'settle');
    await idle();
    const names = async (query: Partial<TailQuery>) => (await found(query)).map(nameOf).sort();
    expect(await names({})).toHaveLength(8);
    expect(await names({ type: 'job.started' })).toEqual([
      ...[`job.started archive ${ODD}`, 'job.started archive settle'],
      ...[`job.started settle ${ODD}`, 'job.started settle settle'],
    ]);
    expect(await names({ tenant: 'settle' })).toEqual([
      ...['job.completed archive settle', 'job.completed settle settle'],
      ...['job.started archive settle', 'job.started settle settle'],
    ]);
    expect(await names({ jobType: 'settle' })).toEqual([
      ...[`job.completed settle ${ODD}`, 'job.completed settle settle'],
      ...[`job.started settle ${ODD}`, 'job.started settle settle'],
    ]);
    const [one] = await found({ tenant: 'settle', jobType: 'archive', type: 'job.completed' });
    const jobId = one?.jobId ?? '';
    expect(await names({ jobId })).toEqual(['job.completed archive settle', 'job.started archive settle']);
    expect(await names({ jobId, tenant: ODD })).toEqual([]);
    const newest = await found({ last: 3 });
    const all = await found({});
    expect(newest.map(({ time }) => time)).toEqual(all.slice(-3).map(({ time }) => time));
    expect(await found({ last: 0 })).toEqual([]);
    expect(await found({ sinceMs: Date.now() + HOUR_MS })).toEqual([]);
  },
);

test('goes on with what comes, each once and only what is asked for, until it is stopped', async () => {
  const { publish, tail, idle } = await toldBench(4);
  await publish('before', 'settle');
  await idle();
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const seen: string[] = [];
  const query = { last: 1, jobType: 'settle', type: 'job.completed', follow: stop.signal };
  const following = (async () => {
    for await (const events of tail(query)) seen.push(...events.map(nameOf));
  })();
  await waitFor('what was there', () => seen.length === 1);
  for (const [id, tenant] of [
    ['1', 'settle'],
    ['2', ODD],
    ['3', 'settle'],
  ] as const)
    await publish(id, tenant);
  await waitFor('what has come', () => seen.length >= 4);
  await publish('last', ODD);
  await waitFor('the last', () => seen.length >= 5);
  stop.abort();
  await following;
  expect(seen.slice(1).sort()).toEqual([
    ...[`job.completed settle ${ODD}`, `job.completed settle ${ODD}`],
    ...['job.completed settle settle', 'job.completed settle settle'],
  ]);
});
