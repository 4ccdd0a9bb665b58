import { expect, test } from 'vitest';
import type { JobEvent } from '../../src/core/generated/job-event.ts';
import { projected } from '../support/projected.ts';
import { richRun } from '../support/rich-telemetry.ts';
import { codesIn, textOf } from '../support/telemetry-page.ts';

const rules = codesIn(textOf('Counting')).filter((word) => word.startsWith('SELECT'));

const distinct = (values: readonly (string | null)[]): number =>
  new Set(values.filter((value) => value !== null)).size;

const isOfJob = ({ type }: JobEvent): boolean => type !== 'job.suspended' && type !== 'job.resumed';
const isEnd = ({ type }: JobEvent): boolean => type === 'job.completed' || type === 'job.failed';

const sum = (events: readonly JobEvent[], of: (event: JobEvent) => number | null): number =>
  events.reduce((total, event) => total + (of(event) ?? 0), 0);

/** What the rules come to, worked out from the events without SQL. */
const countedFrom = (events: readonly JobEvent[]) => {
  const completed = events.filter(({ type }) => type === 'job.completed');
  const ofTenant = (tenant: string) => completed.filter(({ tenantId }) => tenantId === tenant);
  return {
    jobs: distinct(events.filter(isOfJob).map(({ jobId }) => jobId)),
    completed: ['acme', 'globex'].map((tenant) => [
      tenant,
      distinct(ofTenant(tenant).map(({ jobId }) => jobId)),
      ofTenant(tenant).length,
    ]),
    runs: distinct(events.map(({ executionId }) => executionId)),
    cost: sum(events.filter(isEnd), ({ costMicros }) => costMicros) / 1e6,
  };
};

const STATES: Readonly<Record<string, string>> = {
  'job.completed': 'completed',
  'job.cancelled': 'cancelled',
  'job.sent_to_dlq': 'dead',
  'job.skipped': 'skipped',
};
const isRepeat = ({ type, reason }: JobEvent): boolean =>
  type === 'job.skipped' && (reason === 'duplicate' || reason === 'superseded');
const order = textOf('Counting').split('in the order')[1]?.split('. ')[0] ?? '';
const RANKS = new Map(codesIn(order).map((type, at) => [type, at]));
const rank = ({ type }: JobEvent): number => RANKS.get(type) ?? RANKS.size;

/** What became of a job by rule 6. */
const stateOf = (ofJob: readonly JobEvent[]): string | undefined => {
  const steps = ofJob.filter((event) => !isRepeat(event));
  const last = steps.sort((a, b) => a.time - b.time || a.attempt - b.attempt || rank(a) - rank(b)).at(-1);
  const isOver = last !== undefined && last.type in STATES;
  return !isOver && ofJob.some(isRepeat) ? 'skipped' : STATES[last?.type ?? ''];
};

test('what the page says of counting can be asked of the projection as it stands there, and is right', async () => {
  const { events, backend } = await richRun();
  const expected = countedFrom(events);
  const [jobs, completed, runs, cost] = rules;
  expect(RANKS.size).toBe(11);
  await projected('bench', backend, async (ask) => {
    expect(rules).toHaveLength(4);
    expect(await ask(jobs ?? '')).toEqual([[expected.jobs]]);
    expect([...(await ask(completed ?? ''))].sort()).toEqual(expected.completed);
    expect(await ask(runs ?? '')).toEqual([[expected.runs]]);
    const [costly] = (await ask(cost ?? '')).filter(([, currency]) => currency !== null);
    expect(costly).toEqual(['acme', 'BRL', expect.closeTo(expected.cost, 9)]);
    const states = new Map((await ask('SELECT job_id, state FROM jobs')).map(([job, state]) => [job, state]));
    const ids = [...new Set(events.filter(isOfJob).map(({ jobId }) => jobId))];
    const byRule = ids.map((id) => [id, stateOf(events.filter((one) => one.jobId === id && isOfJob(one)))]);
    expect([...states].sort()).toEqual(byRule.sort());
  });
});
