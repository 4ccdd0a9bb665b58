import { afterEach, expect, test } from 'vitest';
import { parseEnvelope } from '../../../../src/core/envelope.ts';
import { isEsteiraError } from '../../../../src/core/errors.ts';
import { formatPosition, type RecordPosition } from '../../../../src/core/record.ts';
import { type EditResult, editLetter } from '../../../../src/runtime/letters/index.ts';
import type { ReplayParts } from '../../../../src/runtime/replay/index.ts';
import { type Crash, dyingParts, movableClock } from '../replay/crashing.ts';
import { INBOX, type LetterShop, makeLetterShop, RECEIPTS, reason } from './letter-shop.ts';

const LEASE_MS = 15_000;
const open: LetterShop[] = [];
afterEach(async () => {
  for (const shop of open.splice(0)) await shop.broker.close();
});

const opened = async () => {
  const shop = await makeLetterShop();
  open.push(shop);
  const { clock, moveOn } = movableClock(shop.parts);
  const parts: ReplayParts = { ...shop.parts, clock, policy: { observeMs: 1 } };
  const at = await shop.die();
  return { shop, parts, at, moveOn };
};

type Opened = Awaited<ReturnType<typeof opened>>;

const edit = (parts: ReplayParts, position: RecordPosition): Promise<EditResult> =>
  editLetter(parts, {
    ...{ position, reason, run: true },
    change: { sets: [{ path: 'paymentId', value: 'p-2' }] },
  });

/** Edits until the process dies; then the clock stands where its claim has ended. */
const editToDeath = async ({ parts, at, moveOn }: Opened, crash: Crash): Promise<void> => {
  const mortal = dyingParts(parts, crash);
  await Promise.race([mortal.died, edit(mortal.parts, at)]);
  moveOn(LEASE_MS + 1);
};

const effectsOfAWholeEdit = async (): Promise<number> => {
  const { parts, at } = await opened();
  const whole = dyingParts(parts, { effect: 1_000_000, when: 'before' });
  await edit(whole.parts, at);
  return whole.effects();
};

/** One edited letter, one copy of it, and a ledger that says so. */
const expectOnce = async ({ shop, at }: Opened, { edited, replay }: EditResult): Promise<void> => {
  const letters = await shop.read(RECEIPTS);
  expect(letters.map((letter) => formatPosition(letter))).toEqual([formatPosition(at), edited]);
  const [copy, another] = await shop.read(INBOX);
  expect(another).toBeUndefined();
  expect(copy && parseEnvelope(copy.headers, true).job).toMatchObject({
    ...{ replayOf: edited, editOf: formatPosition(at) },
  });
  expect(replay).toMatchObject({ outcome: 'replayed', inbox: copy && formatPosition(copy) });
  expect(await shop.stateOf(at)).toBe('edited');
};

// The gap this closes: an edited letter, or its copy, that stands on its topic and not yet in the ledger.
test('an edit killed before or after any of its effects, and asked for again, writes nothing twice', async () => {
  const effects = await effectsOfAWholeEdit();
  expect(effects).toBeGreaterThan(10);
  for (let effect = 1; effect <= effects; effect += 1)
    for (const when of ['before', 'after'] as const) {
      const setting = await opened();
      await editToDeath(setting, { effect, when });
      await expectOnce(setting, await edit(setting.parts, setting.at));
    }
}, 120_000);

test('an edit that is killed twice writes nothing twice', async () => {
  const effects = await effectsOfAWholeEdit();
  for (let effect = 3; effect <= effects; effect += 3)
    for (const again of [2, 5, 8]) {
      const setting = await opened();
      await editToDeath(setting, { effect, when: 'after' });
      await editToDeath(setting, { effect: again, when: 'after' });
      await expectOnce(setting, await edit(setting.parts, setting.at));
    }
}, 120_000);

test('another edit of a letter whose edit was cut off is refused, and says where the first stands', async () => {
  const setting = await opened();
  const { parts, at, shop } = setting;
  const effects = await effectsOfAWholeEdit();
  for (let effect = 1; effect <= effects && (await shop.read(RECEIPTS)).length === 1; effect += 1)
    await editToDeath(setting, { effect, when: 'after' });
  const [, first] = await shop.read(RECEIPTS);
  const other = editLetter(parts, {
    ...{ position: at, reason, run: true },
    change: { sets: [{ path: 'paymentId', value: 'p-3' }] },
  });
  const error: unknown = await other.catch((thrown: unknown) => thrown);
  expect(isEsteiraError(error, 'ESTEIRA_LETTER_REFUSED')).toBe(true);
  expect(error).toMatchObject({ message: expect.stringContaining(first ? formatPosition(first) : '-') });
  expect(await shop.read(RECEIPTS)).toHaveLength(2);
});
