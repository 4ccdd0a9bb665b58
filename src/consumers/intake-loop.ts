import type { ConsumedRecord } from '../core/record.ts';
import type { Appetite } from './appetite.ts';
import { type InsistParts, insist } from './backoff.ts';
import type { Delivery } from './delivery.ts';
import type { Intake } from './intake.ts';
import type { PartitionHome } from './partition-home.ts';

/** Kept, or sent to the inbox of its tenant, or moved aside. */
export type Whereto = 'kept' | 'inbox' | 'aside';

export interface IntakeLoopParts extends InsistParts {
  readonly name: string;
  readonly intake: Intake;
  readonly appetite: Appetite;
  readonly onIgnored: (home: PartitionHome, offset: bigint) => void;
  /** Answers whether the delivery is kept here, to be run, or where it goes. */
  readonly onDelivery: (home: PartitionHome, delivery: Delivery) => Whereto;
  /** Resolves when more may be taken that goes there; undefined when it may be now. */
  readonly room: (whereto: 'inbox' | 'aside') => Promise<void> | undefined;
  /** All that a partition has taken in is understood. */
  readonly onDrained: (home: PartitionHome) => void;
}

/** So many are understood in one go, however many are wanted: others have their turn between. */
const SLICE = 64;
/** So many, and how often, are understood of what gives way: a little, so that it never stands still. */
const LITTLE = 8;
const LITTLE_EVERY_MS = 50;
/** So many are sent elsewhere before others have their turn. */
const AT_ONCE = 16;

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

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

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
    let gone = 0;
    for (let taken = 0; home.alive && !parts.stopped.aborted; taken += 1) {
      if (home.watch?.yields === true && taken >= LITTLE) {
        await new Promise<void>((resolve) => parts.clock.after(LITTLE_EVERY_MS, resolve));
        taken = 0;
      } else if (taken >= SLICE) {
        const isWanted = parts.appetite.hungry || home.watch?.hurries === true;
        await (isWanted ? nextTurn() : parts.appetite.next());
        taken = -1;
        continue;
      }
      const record = home.nextIncoming();
      if (record === undefined) break;
      const first = takeIn(parts, record);
      const delivery = first instanceof Promise ? await first : first;
      if (delivery === undefined) {
        parts.onIgnored(home, record.offset);
        continue;
      }
      const whereto = parts.onDelivery(home, delivery);
      if (whereto === 'kept') continue;
      taken -= 1;
      gone += 1;
      await (parts.room(whereto) ?? (gone % AT_ONCE === 0 ? nextTurn() : undefined));
    }
    parts.onDrained(home);
  } finally {
    home.intakeRuns = false;
  }
};
