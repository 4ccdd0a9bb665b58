import { type Arrived, type Ending, nameOf, type World } from './world.ts';

/** The promises that a played history broke, in words; none when all is well. */
export const violationsOf = (world: World, drained: boolean): readonly string[] => [
  ...(drained ? [] : ['it did not come to rest']),
  ...orderOf(world),
  ...endingsOf(world, drained),
  ...replaysOf(world, drained),
  ...countsOf(world),
  ...writesOf(world),
  ...(drained ? probesOf(world) : []),
];

const sequenceOf = (record: Arrived): string => `${record.partition}/${record.duty.key}`;

/** First completions of a key are in the order of the log; behind a dead one of a held key nothing completes. */
const orderOf = (world: World): readonly string[] => {
  const found: string[] = [];
  const last = new Map<string, number>();
  const dead = new Map<string, number>();
  const seen = new Set<string>();
  for (const { record, how } of world.endings) {
    const sequence = sequenceOf(record);
    if (how === 'dead') dead.set(sequence, Math.min(dead.get(sequence) ?? 1e9, record.place));
    const isFirst = !seen.has(record.duty.event);
    seen.add(record.duty.event);
    // What died is out of the order; after a loss it may come back to life.
    if (how === 'dead' || !isFirst) continue;
    if ((last.get(sequence) ?? -1) > record.place) found.push(`${nameOf(record)} completed late`);
    const isHeld = world.plan.hold && !world.plan.replays && world.lost === 0;
    if (isHeld && (dead.get(sequence) ?? 1e9) < record.place) {
      found.push(`${nameOf(record)} completed behind a dead one`);
    }
    last.set(sequence, Math.max(last.get(sequence) ?? -1, record.place));
  }
  return found;
};

/** Nothing is lost; without a loss of data each event has one ending. */
const endingsOf = (world: World, drained: boolean): readonly string[] => {
  const endings = new Map<string, Ending[]>();
  for (const ending of world.endings) {
    const { event } = ending.record.duty;
    endings.set(event, [...(endings.get(event) ?? []), ending]);
  }
  const events = new Set(world.events.flat().map(({ duty }) => duty.event));
  const found: string[] = [];
  for (const event of events) {
    const count = endings.get(event)?.length ?? 0;
    if (count === 0 && drained) found.push(`event ${event} is lost`);
    if (count > 1 && world.lost === 0 && !world.plan.replays)
      found.push(`event ${event} ended ${count} times`);
  }
  return found;
};

/**
 * Where operators replay held keys: nothing completes before all that came before it in its key have, nothing ends once
 * it has completed, and in the end all has completed.
 */
const replaysOf = (world: World, drained: boolean): readonly string[] => {
  if (!world.plan.replays || world.lost > 0) return [];
  const found: string[] = [];
  const completed = new Set<string>();
  for (const { record, how } of world.endings) {
    const { event, key } = record.duty;
    if (completed.has(event)) found.push(`${nameOf(record)} ${how} once more`);
    if (how === 'dead') continue;
    const before = (world.events[record.partition] ?? []).slice(0, record.place);
    const missed = before.find(
      ({ duty }) => duty.key === key && !completed.has(duty.event) && duty.event !== event,
    );
    if (missed !== undefined) found.push(`${nameOf(record)} completed before ${nameOf(missed)}`);
    completed.add(event);
  }
  if (!drained) return found;
  const dead = world.events.flat().filter(({ duty }) => !completed.has(duty.event));
  return [...found, ...dead.map((record) => `${nameOf(record)} was not replayed`)];
};

const countsOf = (world: World): readonly string[] => {
  // A replayed one has its starts anew; it completes with the second replay at the latest, or with those after a loss.
  const lives = world.plan.replays ? 3 + world.lost : 1;
  const most = world.plan.maxStarts * (lives + world.lost) + world.lost;
  return [...world.starts]
    .filter(([, starts]) => starts > most)
    .map(([event, starts]) => `event ${event} started ${starts} times`);
};

/** A record is written at most once, faults excepted. */
const writesOf = (world: World): readonly string[] => {
  if (world.crashes + world.freezes + world.lost > 0 || world.plan.rebalanceEveryMs < 1e9) return [];
  const found: string[] = [];
  for (const log of world.waiting) {
    const seen = new Set<string>();
    for (const { record } of log) {
      if (seen.has(nameOf(record))) found.push(`${nameOf(record)} was written twice`);
      seen.add(nameOf(record));
    }
  }
  return found;
};

/** At the end each key is back on the direct way: after a loss at the latest for the third record. */
const probesOf = (world: World): readonly string[] => {
  const from = world.lost === 0 ? 0 : 2;
  const held = new Set(
    world.endings.filter(({ how }) => how === 'dead').map(({ record }) => sequenceOf(record)),
  );
  return world.endings
    .filter(({ record }) => record.probe && Number(record.duty.event.split('-')[2]) >= from)
    .filter(({ record }) => !(world.plan.hold && held.has(sequenceOf(record))))
    .filter(({ how, where }) => how !== 'completed' || where !== 'direct')
    .map(({ record, how, where }) => `probe ${record.duty.event} ${how} on the ${where} way`);
};
