import { describe, expect, it } from 'vitest';
import { type CurrentJob, currentJobContext, runInJobContext } from '../../../src/security/job-context.ts';
import { latch } from '../../support/wait.ts';

const job = (tenant: string): CurrentJob => ({
  jobId: `job-${tenant}`,
  jobType: 'send-receipt',
  tenant,
  correlationId: 'c',
});

describe('the running job', () => {
  it('is nothing outside a job', () => {
    expect(currentJobContext()).toBeUndefined();
  });

  it('is each job its own, also where two wait for each other', async () => {
    const first = latch();
    const second = latch();
    const [one, two] = await Promise.all([
      runInJobContext(job('acme'), async () => {
        first.open();
        await second.opened;
        return currentJobContext()?.tenant;
      }),
      runInJobContext(job('globex'), async () => {
        await first.opened;
        second.open();
        return currentJobContext()?.tenant;
      }),
    ]);
    expect([one, two, currentJobContext()]).toEqual(['acme', 'globex', undefined]);
  });

  it('gives back what the work gives back, and what it throws', () => {
    expect(runInJobContext(job('acme'), () => 7)).toBe(7);
    expect(() =>
      runInJobContext(job('acme'), () => {
        throw new TypeError('x');
      }),
    ).toThrow(TypeError);
  });
});
