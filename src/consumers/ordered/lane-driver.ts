import type { OrderClaimAnswer } from '../../core/ports/order-state.ts';
import type { Entry } from '../entry.ts';
import type { HomeDriver } from '../partition-home.ts';

/** What the engine tells the order machine of a partition about the entries it was given to claim. */
export interface LaneDriver extends HomeDriver {
  /** An entry was understood, in offset order. */
  arrived(entry: Entry): void;
  /** The end of what earlier owners parked on the waiting partition; goes with each claim. */
  readonly parkedEnd: number;
  /** The largest place of the entry's sequence that was parked here since the assignment; goes with its claim. */
  knownOf(entry: Entry): number | undefined;
  /** Of a copy on the waiting topic: whether no ordered replay of its sequence stands before it; goes with its claim. */
  replaysOver(entry: Entry): boolean;
  /** Its tenant floods the partition: the entry's sequence leaves it, in order, as soon as it can. */
  moveAside(entry: Entry): void;
  /** The answer to a claim. */
  answered(entry: Entry, answer: OrderClaimAnswer): void;
  /** The record has its done mark: its sequence goes on, its offset is kept until `over`. */
  marked(entry: Entry): void;
  /** What was told of a record with a done mark is durable. */
  over(entry: Entry): void;
  /** The record has ended: dead with its letter acknowledged, or another's. */
  ended(entry: Entry): void;
  /** An attempt failed; the next is due at `dueMs`, epoch ms. */
  failed(entry: Entry, dueMs: number): void;
  /** The right to run came to nothing. */
  lost(entry: Entry): void;
}

/** The driver of the partition an entry came from. */
export const driverOf = ({ home }: Entry): LaneDriver => {
  const { driver } = home;
  if (driver === undefined || !isLaneDriver(driver))
    throw new TypeError(`${home.at.topic}/${home.at.partition} has no order`);
  return driver;
};

const isLaneDriver = (driver: HomeDriver): driver is LaneDriver => 'answered' in driver;
