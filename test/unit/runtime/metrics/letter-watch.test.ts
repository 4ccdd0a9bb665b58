import { beforeEach, describe, expect, it } from 'vitest';
import { LetterWatch } from '../../../../src/runtime/metrics/letter-watch.ts';
import { replayNow } from '../../../../src/runtime/replay/index.ts';
import { manualClock } from '../../../support/manual-clock.ts';
import { recordingLog } from '../../../support/recording-log.ts';
import { waitFor } from '../../../support/wait.ts';
import { type LetterShop, makeLetterShop, reason } from '../letters/letter-shop.ts';

let shop: LetterShop;
beforeEach(async () => {
  shop = await makeLetterShop();
  return () => shop.broker.close();
});

/** A watch of a process that has just been started. */
const watch = () => {
  const counts: number[] = [];
  const asked: string[] = [];
  const world = { isDown: false };
  const clock = manualClock();
  const log = recordingLog();
  const { admin } = shop.broker;
  const letters = new LetterWatch({
    ...{ ns: 'shop', jobTypes: ['send-receipt'], clock, log },
    broker: {
      ...shop.broker,
      admin: {
        ...admin,
        offsetRanges: async (topic) => {
          asked.push(topic);
          if (world.isDown) throw new Error('no broker');
          return admin.offsetRanges(topic);
        },
        read: (...given) => admin.read(...given),
      },
    },
    onCount: (_, count) => counts.push(count),
  });
  const counted = async (times: number) => {
    letters.look();
    await waitFor(`count ${times}`, () => counts.length >= times);
    return counts.at(-1);
  };
  return { letters, counted, counts, clock, asked, world, log };
};

const dieThree = async () => [
  await shop.die({ job: { id: 'a' } }),
  await shop.die({ job: { id: 'b' } }),
  await shop.die({ job: { id: 'c', replayCount: 3 } }),
];

describe('dead letters as a process counts them', () => {
  it('are those on the topic, whoever sent them and however long ago', async () => {
    await dieThree();
    expect(await watch().counted(1)).toBe(3);
  });

  it('are less those that were replayed or discarded, and shelved ones count: as `dlq stats` says', async () => {
    const [a, b] = await dieThree();
    if (a === undefined || b === undefined) throw new Error('nobody died');
    await replayNow(shop.parts, { selection: { positions: [a] }, reason, run: true });
    expect(await watch().counted(1)).toBe(2);
    await shop.doTo('discard', [b]);
    expect(await watch().counted(1)).toBe(1);
    await shop.doTo('restore', [b]);
    expect(await watch().counted(1)).toBe(2);
  });

  it('are counted once a minute at most, however often somebody reads', async () => {
    await dieThree();
    const { letters, counted, counts, clock, asked } = watch();
    await counted(1);
    const requests = asked.length;
    for (let scrape = 0; scrape < 50; scrape++) letters.look();
    clock.advance(59_000);
    letters.look();
    expect([counts.length, asked.length]).toEqual([1, requests]);
    clock.advance(1_000);
    await shop.die({ job: { id: 'd' } });
    expect(await counted(2)).toBe(4);
    expect(requests).toBeLessThan(6);
  });

  it('stay as they were while the broker does not answer, said once', async () => {
    await dieThree();
    const { letters, counted, counts, clock, world, log } = watch();
    await counted(1);
    world.isDown = true;
    const warnings = () => log.lines.filter(({ level }) => level === 'warn');
    for (const _ of [1, 2]) {
      clock.advance(60_000);
      letters.look();
      await letters.settled();
    }
    expect(counts).toEqual([3]);
    expect(warnings()).toHaveLength(1);
    world.isDown = false;
    clock.advance(60_000);
    expect(await counted(2)).toBe(3);
  });
});
