import { expect, onTestFinished, test } from 'vitest';
import { startMetered } from '../../../support/metered-app.ts';
import { waitFor } from '../../../support/wait.ts';

test('10,000 tenants do not add a series each: as many as are shown, and no more', async () => {
  const { esteira, validate, read, reached } = await startMetered(
    { sinkIsDown: false },
    { WORKER_MAX_CONCURRENT_JOBS: '200' },
  );
  onTestFinished(async () => {
    await esteira.stop();
  });
  const dispatch = (tenant: string) =>
    esteira.dispatch(validate, { marketplace: 'meli', valid: 1, wrong: 0 }, { tenant });
  await dispatch('tenant-first');
  await waitFor(
    'dead letters to be counted',
    async () => (await read()).value('jobs_in_dlq_total', { job_type: 'validate' }) === 0,
  );
  const before = await reached('job_attempts_total', { job_type: 'validate', status: 'success' }, 1);
  for (let from = 0; from < 10_000; from += 500)
    await Promise.all(Array.from({ length: 500 }, (_, index) => dispatch(`tenant-${from + index}`)));
  const after = await reached('job_attempts_total', { job_type: 'validate', status: 'success' }, 10_001);
  expect(after.value('esteira_tenant_tier_jobs_total', { tier: '-' })).toBe(10_001);
  const nameOf = (line: string): string => line.replace(/ \S+$/, '');
  const names = new Set(before.series.map(nameOf));
  const added = after.series.map(nameOf).filter((name) => !names.has(name));
  const ofTenants = added.filter((name) => name.startsWith('esteira_top_tenant_jobs_total{'));
  expect(added.filter((name) => !ofTenants.includes(name))).toEqual([]);
  expect(ofTenants.length).toBeLessThanOrEqual(10);
  expect((await read()).series.filter((line) => line.includes('tenant-')).length).toBeLessThanOrEqual(10);
}, 60_000);
