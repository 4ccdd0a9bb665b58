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

/** Understands what a partition has taken in, one record after the other: order is kept, and nothing is guessed. */
export const runIntake = async (parts: IntakeLoopParts, home: PartitionHome): Promise<void> => {
  if (home.intakeRuns) return;
  home.intakeRuns = true;
  try {
    for (let at = 0; home.alive && !parts.stopped.aborted; ) {
      const record = home.incoming[at];
      if (record === undefined) break;
      const delivery = await insist(parts, `${parts.name}: intake`, () => parts.intake.take(record));
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
