import { describe, expect, test } from 'vitest';
import type { Esteira } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { waitFor } from '../../support/wait.ts';
import { invoicePaid, openBench, textHeaders } from './bench.ts';
import { PACK, packIdOf, packing, settling } from './follower-jobs.ts';

const TELEMETRY = 'bench.telemetry.jobs';
const OUT_OF_REACH = 'ESTEIRA_BROKER_UNAVAILABLE';
const tenant = 'acme';

type Bench = ReturnType<typeof openBench>;

describe('between the done mark of a job and its last acknowledgement', () => {
  /** How far it gets: what is made to fail, and how. */
  const POINTS = {
    'before its follower is written': (bench) => bench.faults.failSends(PACK, OUT_OF_REACH),
    'when its follower is written, and not acknowledged': (bench) => bench.faults.holdAcks(PACK),
    'when its follower is written, and nothing is told': (bench) =>
      bench.faults.failSends(TELEMETRY, OUT_OF_REACH),
  } satisfies Record<string, (bench: Bench) => void>;
  type Point = keyof typeof POINTS;

  const heal = ({ faults }: Bench): void => {
    faults.healSends(PACK);
    faults.healSends(TELEMETRY);
    faults.releaseAcks();
  };

  /** A process, or its hold on its partitions, ends at the point; what comes after it asks for the same follower. */
  const interrupted = async (
    point: Point,
    order: 'none' | 'key',
    interrupt: (bench: Bench, first: Esteira) => Promise<Esteira>,
  ): Promise<void> => {
    const { settle, settled } = settling({ order });
    const { pack, packed } = packing(settle, { order });
    const bench = openBench([settle, pack]);
    const first = await bench.run();
    POINTS[point](bench);
    await first.publish(invoicePaid, invoice('p1'), { tenant, id: 'e1' });
    await waitFor('the mark', () => bench.types('job.completed').some(({ jobType }) => jobType === 'settle'));
    if (point !== 'before its follower is written')
      await waitFor('the follower', async () => (await bench.read(PACK)).length > 0);
    expect(await bench.committed()).toBe(0n);
    const next = await interrupt(bench, first);
    await next.idle();
    expect(settled).toEqual(['p1']);
    expect(packed.map(({ id, ctx }) => [id, ctx.jobId])).toEqual([['p1', packIdOf('e1')]]);
    expect(new Set(bench.types('job.dispatched').map(({ eventId }) => eventId)).size).toBe(1);
    const copies = (await bench.read(PACK)).map(({ headers }) => textHeaders(headers)['job-id']);
    expect(new Set(copies)).toEqual(new Set([packIdOf('e1')]));
    expect(await bench.committed()).toBe(1n);
  };

  test.each<[Point, 'none' | 'key']>([
    ['before its follower is written', 'none'],
    ['when its follower is written, and nothing is told', 'key'],
  ])('a process that stops %s (order: %s) leaves it to the next one', (point, order) =>
    interrupted(point, order, async (bench, first) => {
      await first.stop();
      heal(bench);
      return bench.run();
    }),
  );

  test.each<[Point, 'none' | 'key']>([
    ['before its follower is written', 'key'],
    ['when its follower is written, and not acknowledged', 'none'],
    ['when its follower is written, and not acknowledged', 'key'],
    ['when its follower is written, and nothing is told', 'none'],
  ])('a partition that is lost %s (order: %s) is read again, and asks for no other', (point, order) =>
    interrupted(point, order, async (bench, first) => {
      bench.faults.rebalance('bench.job.settle', { newMembers: true });
      await waitFor('the group to settle', () => !bench.cluster.group('bench.job.settle').rebalancing);
      heal(bench);
      return first;
    }),
  );

  // It would have asked for a follower under its own id, beside the one of the job that ran.
  test('a repeat under another id is settled, and asks for no follower of its own', async () => {
    const { settle, settled } = settling();
    const { pack, packed } = packing(settle);
    const bench = openBench([settle, pack]);
    const esteira = await bench.run();
    POINTS['before its follower is written'](bench);
    await esteira.publish(invoicePaid, invoice('p1'), { tenant, id: 'e1' });
    await waitFor('the mark', () => bench.types('job.completed').length === 1);
    await esteira.publish(invoicePaid, invoice('p1'), { tenant, id: 'e2' });
    await waitFor('the repeat', () => bench.types('job.skipped').length === 1);
    heal(bench);
    await esteira.idle();
    expect(settled).toEqual(['p1']);
    expect(packed.map(({ ctx }) => ctx.jobId)).toEqual([packIdOf('e1')]);
    expect(await bench.read(PACK)).toHaveLength(1);
  });
});
