import { afterEach, expect, test } from 'vitest';
import { parseEnvelope } from '../../../../src/core/envelope.ts';
import { formatPosition } from '../../../../src/core/record.ts';
import {
  planReplay,
  type ReplayParts,
  replayResults,
  replayStatus,
} from '../../../../src/runtime/replay/index.ts';
import { makeWorld, type World } from '../../consumers/dead-letters/world.ts';
import { movableClock } from './crashing.ts';
import { effectsOf, runToDeath, WHOLE } from './killed-runs.ts';

const INBOX = 'shop.job.send-receipt';
const LETTERS = 7;
const open: World[] = [];
afterEach(async () => {
  for (const world of open.splice(0)) await world.broker.close();
});

/** A plan of some letters on two partitions, in parts of three; one letter comes too late for it. */
const planned = async () => {
  const world = await makeWorld();
  open.push(world);
  const { clock, moveOn } = movableClock(world.parts);
  const parts: ReplayParts = { ...world.parts, clock, policy: { observeMs: 1, batchRecords: 3 } };
  const chosen: string[] = [];
  for (let index = 0; index < LETTERS; index += 1)
    chosen.push(formatPosition(await world.die({ key: `key-${index}`, job: { id: `job-${index}` } })));
  const { planId } = await planReplay(parts, { jobType: 'send-receipt', reason: 'mended' });
  await world.die({ job: { id: 'too-late' } });
  return { world, parts, planId, chosen, moveOn };
};

type Planned = Awaited<ReturnType<typeof planned>>;

const originsOf = async (world: World): Promise<readonly string[]> =>
  (await world.read(INBOX)).map(({ headers }) => parseEnvelope(headers, true).job?.replayOf ?? '');

/** Each chosen record once on the inbox, none else; the ledger says so, and where; each was told. */
const expectOnce = async ({ world, parts, planId, chosen }: Planned): Promise<void> => {
  expect((await originsOf(world)).toSorted()).toEqual(chosen.toSorted());
  const ledger = new Map<string, string | null>();
  await replayResults(parts, planId, ({ position, inbox }) => ledger.set(position, inbox));
  for (const copy of await world.read(INBOX)) {
    const origin = parseEnvelope(copy.headers, true).job?.replayOf ?? '';
    expect(ledger.get(origin)).toBe(formatPosition(copy));
  }
  expect(await replayStatus(parts, planId)).toMatchObject({
    state: 'finished',
    counts: { replayed: LETTERS },
    holder: null,
  });
  const told = world.told.filter(({ type }) => type === 'job.replayed');
  expect(new Set(told.map(({ eventId }) => eventId)).size).toBe(LETTERS);
};

const finish = async (setting: Planned): Promise<void> => {
  expect(await runToDeath(setting, WHOLE)).toBe(true);
};

// The gap this closes: a record that is on the inbox and not yet in the ledger when its runner dies.
test('a run killed before or after any of its effects, and resumed, replays each record once', async () => {
  const effects = await effectsOf(await planned());
  expect(effects).toBeGreaterThan(3 * LETTERS);
  for (let effect = 1; effect <= effects; effect += 1) {
    for (const when of ['before', 'after'] as const) {
      const setting = await planned();
      await runToDeath(setting, { effect, when });
      await finish(setting);
      await expectOnce(setting);
    }
  }
}, 120_000);

test('a run whose resumed run is killed too replays each record once', async () => {
  const effects = await effectsOf(await planned());
  for (let effect = 4; effect <= effects; effect += 3) {
    for (const again of [4, 7, 9, 11]) {
      const setting = await planned();
      await runToDeath(setting, { effect, when: 'after' });
      await runToDeath(setting, { effect: again, when: 'after' });
      await finish(setting);
      await expectOnce(setting);
    }
  }
}, 120_000);
