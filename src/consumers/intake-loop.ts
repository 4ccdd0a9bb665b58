import type { ConsumedRecord } from '../core/record.ts';
import { type InsistParts, insist } from './backoff.ts';
import type { Delivery } from './delivery.ts';
import type { Intake } from './intake.ts';
import type { PartitionHome } from './partition-home.ts';

export interface IntakeLoopParts extends InsistParts {
  readonly name: string;
  readonly intake: Intake;
  readonly onIgnored: (home: PartitionHome, offset: bigint) => void;
  readonly onDelivery: (home: PartitionHome, delivery: Delivery) => void;
}

const FORGET_EVERY = 256;

/** What is known is understood at once; what must be asked for, or cannot be told now, is insisted on. */
export const takeIn = (
  parts: IntakeLoopParts,
  record: ConsumedRecord,
): Delivery | undefined | Promise<Delivery | undefined> => {
  const first = attempt(() => parts.intake.take(record));
  if (first.ok && !(first.value instanceof Promise)) return first.value;
  let isFirst = true;
  return insist(parts, `${parts.name}: intake`, () => {
    if (!isFirst) return parts.intake.take(record);
    isFirst = false;
    if (first.ok) return first.value;
    throw first.error;
  });
};

const attempt = <T>(
  call: () => T,
): { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown } => {
  try {
    return { ok: true, value: call() };
  } catch (error) {
    return { ok: false, error };
  }
};

/** Understands what a partition has taken in, one record after the other: order is kept, and nothing is guessed. */
export const runIntake = async (parts: IntakeLoopParts, home: PartitionHome): Promise<void> => {
  if (home.intakeRuns) return;
  home.intakeRuns = true;
  try {
    for (let at = 0; home.alive && !parts.stopped.aborted; ) {
      const record = home.incoming[at];
      if (record === undefined) break;
      const taken = takeIn(parts, record);
      const delivery = taken instanceof Promise ? await taken : taken;
      at += 1;
      if (at >= FORGET_EVERY || at === home.incoming.length) {
        home.incoming.splice(0, at);
        at = 0;
      }
      if (delivery === undefined) parts.onIgnored(home, record.offset);
      else parts.onDelivery(home, delivery);
    }
  } finally {
    home.intakeRuns = false;
  }
};
