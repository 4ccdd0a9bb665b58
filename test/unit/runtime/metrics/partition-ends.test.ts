import { describe, expect, it } from 'vitest';
import type { PartitionFacts } from '../../../../src/consumers/worker-facts.ts';
import { PartitionEnds } from '../../../../src/runtime/metrics/partition-ends.ts';
import { manualClock } from '../../../support/manual-clock.ts';
import { recordingLog } from '../../../support/recording-log.ts';
import { waitFor } from '../../../support/wait.ts';

const facts = (changes: Partial<PartitionFacts> = {}): PartitionFacts => ({
  ...{ topic: 'billing.events', partition: 0, next: 10n, end: 15n, isPaused: false },
  ...{ oldestMs: undefined, parked: undefined },
  ...changes,
});

const setUp = () => {
  const clock = manualClock();
  const log = recordingLog();
  const world = { high: 1_000n, isDown: false };
  const asked: string[] = [];
  const admin = {
    offsetRanges: async (topic: string) => {
      asked.push(topic);
      if (world.isDown) throw new Error('no broker');
      return [{ topic, partition: 0, low: 0n, high: world.high }];
    },
  };
  return { ends: new PartitionEnds({ admin, clock, log }), clock, log, asked, world };
};

describe('the lag of a partition', () => {
  it('is what lies between the first that is not settled and the end of what was fetched', () => {
    expect(setUp().ends.lagOf(facts())).toBe(5);
  });

  it('of which nothing is fetched for now, goes on growing: the broker is asked in the background', async () => {
    const { ends, asked } = setUp();
    ends.look([facts({ isPaused: true }), facts({ topic: 'quiet.events' })]);
    await waitFor('the answer', () => ends.lagOf(facts()) === 990);
    expect(asked).toEqual(['billing.events']);
  });

  it('is asked for once in 15 s, however often somebody reads and however many partitions it has', async () => {
    const { ends, asked, clock, world } = setUp();
    const paused = Array.from({ length: 12 }, (_, partition) => facts({ partition, isPaused: true }));
    for (let scrape = 0; scrape < 100; scrape++) ends.look(paused);
    await waitFor('the answer', () => ends.lagOf(facts()) === 990);
    clock.advance(14_000);
    ends.look(paused);
    expect(asked).toHaveLength(1);
    clock.advance(1_000);
    world.high = 2_000n;
    ends.look(paused);
    await waitFor('the answer', () => ends.lagOf(facts()) === 1_990);
    expect(asked).toHaveLength(2);
  });

  it('is the last that is known while the broker does not answer', async () => {
    const { ends, asked, clock, world } = setUp();
    ends.look([facts({ isPaused: true })]);
    await waitFor('the answer', () => ends.lagOf(facts()) === 990);
    world.isDown = true;
    clock.advance(15_000);
    ends.look([facts({ isPaused: true })]);
    await waitFor('the question', () => asked.length === 2);
    expect(ends.lagOf(facts())).toBe(990);
  });
});
