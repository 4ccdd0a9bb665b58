import type { AppDefinition } from '../core/app.ts';
import { groupsOf } from '../core/app-topics.ts';
import { waitFor } from '../core/clock.ts';
import { EsteiraError } from '../core/errors.ts';
import type { BrokerAdmin } from '../core/ports/broker.ts';

/** Records that some group of the app has not settled yet. */
const backlogOf = async (app: AppDefinition, admin: BrokerAdmin): Promise<bigint> => {
  let backlog = 0n;
  for (const { groupId, starts } of groupsOf(app)) {
    for (const { topic } of starts) {
      const committed = new Map(
        (await admin.committedOffsets(groupId, topic)).map(({ partition, offset }) => [partition, offset]),
      );
      for (const { partition, high } of await admin.offsetRanges(topic))
        backlog += high - (committed.get(partition) ?? 0n);
    }
  }
  return backlog;
};

/**
 * Resolves when every group has settled everything on its topics, twice in a row (a record on its way between two
 * topics is on one of them at least).
 *
 * @throws EsteiraError ESTEIRA_NOT_IDLE after `timeoutMs`, with what is left.
 */
export const untilIdle = async (
  app: AppDefinition,
  admin: BrokerAdmin,
  timeoutMs: number,
  pollMs: number,
): Promise<void> => {
  const untilMs = Date.now() + timeoutMs;
  for (let calm = 0; calm < 2; ) {
    const backlog = await backlogOf(app, admin);
    calm = backlog === 0n ? calm + 1 : 0;
    if (calm < 2 && Date.now() > untilMs) {
      throw new EsteiraError(
        'ESTEIRA_NOT_IDLE',
        `${backlog} records are still on their way after ${timeoutMs} ms`,
      );
    }
    await waitFor(pollMs);
  }
};
