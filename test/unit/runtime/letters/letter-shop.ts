import { listDeadLetters } from '../../../../src/consumers/dead-letters/index.ts';
import { formatPosition, type RecordPosition } from '../../../../src/core/record.ts';
import { doToLetters, type LetterDeed, readLetterLedger } from '../../../../src/runtime/letters/index.ts';
import type { ReplayParts } from '../../../../src/runtime/replay/index.ts';
import { app, makeWorld } from '../../consumers/dead-letters/world.ts';

export const RECEIPTS = 'shop.dlq.send-receipt';
export const INBOX = 'shop.job.send-receipt';
export const reason = 'the customer is gone';

/** A shop in memory with dead letters, and operators who decide about them. */
export const makeLetterShop = async () => {
  const world = await makeWorld();
  const as = (name: string, ...roles: ReplayParts['operator']['roles']): ReplayParts => ({
    ...world.parts,
    operator: { name, roles },
  });
  const doTo = (
    deed: LetterDeed,
    positions: readonly RecordPosition[],
    { run = true, parts = world.parts }: { run?: boolean; parts?: ReplayParts } = {},
  ) => doToLetters(parts, { deed, selection: { positions }, reason, run });
  const states = async () => {
    const ledger = await readLetterLedger(world.parts.control);
    const { letters } = await listDeadLetters({
      ...{ app, admin: world.broker.admin, limit: 1_000 },
      stateOf: (letter) => ledger.stateOf(letter),
    });
    return new Map(letters.map(({ position, state }) => [position, state]));
  };
  return {
    ...{ ...world, world, as, doTo, states },
    stateOf: async (at: RecordPosition) => (await states()).get(formatPosition(at)),
    actions: async () => (await world.audits()).map(({ action }) => action),
    historyOf: async (at: RecordPosition) =>
      (await readLetterLedger(world.parts.control)).historyOf(at).map(({ what, by }) => `${what} by ${by}`),
  };
};

export type LetterShop = Awaited<ReturnType<typeof makeLetterShop>>;
