import { expect, test } from 'vitest';
import { scrape } from '../../../support/metered-app.ts';
import { onInvoice } from '../../consumers/bench.ts';
import { operatedBench } from '../control/operated-bench.ts';

// An operator's pause looked like a job type that stands still, and woke somebody after twenty minutes.
test('what an operator has paused, the job type or its queue, is told apart from what stands still or is suspended', async () => {
  const bench = operatedBench([onInvoice(), onInvoice({ type: 'archive', queue: 'slow' })], {
    queues: { slow: {} },
  });
  const { healthPort } = await bench.run({
    health: true,
    environment: { LOG_LEVEL: 'info', HEALTH_PORT: '0' },
  });
  const paused = async () => {
    const { value } = await scrape(healthPort);
    const of = (job_type: string) => value('esteira_paused', { job_type });
    expect(value('esteira_suspensions', { scope: 'type' })).toBe(0);
    return { settle: of('settle'), archive: of('archive') };
  };
  expect(await paused()).toEqual({ settle: 0, archive: 0 });
  await bench.order('pause', { what: 'type', jobType: 'settle' });
  await bench.obeyed(1);
  expect(await paused()).toEqual({ settle: 1, archive: 0 });
  await bench.order('pause', { what: 'queue', queue: 'slow' });
  await bench.obeyed(2);
  expect(await paused()).toEqual({ settle: 1, archive: 1 });
  await bench.order('resume', { what: 'type', jobType: 'settle' });
  await bench.obeyed(3);
  expect(await paused()).toEqual({ settle: 0, archive: 1 });
});
