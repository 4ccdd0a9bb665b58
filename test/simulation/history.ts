import { DirectDriver } from './direct-driver.ts';
import { memoryStore } from './memory-store.ts';
import { Operators } from './operator.ts';
import { type Plan, type PlanOptions, planOf } from './plan.ts';
import { SimProcess } from './sim-process.ts';
import type { Soon } from './store.ts';
import { violationsOf } from './violations.ts';
import { WaitingDriver } from './waiting-driver.ts';
import { type OpenStore, type Owned, World } from './world.ts';

type Driver = DirectDriver | WaitingDriver;

/** How long after the last fault all must have come to rest. */
const REST_MS = 400_000;
const PROBES = 3;

/** Processes that come and go, and who owns what. */
class Cluster {
  readonly #world: World;
  readonly #drivers = new Map<SimProcess, Map<string, Driver>>();
  readonly #partitions: readonly Owned[];
  #ids = 0;

  constructor(world: World) {
    this.#world = world;
    const indexes = Array.from({ length: world.plan.partitions }, (_, partition) => partition);
    this.#partitions = indexes.flatMap((partition) => [
      { kind: 'direct' as const, partition },
      { kind: 'waiting' as const, partition },
    ]);
    for (let i = 0; i < world.plan.processes; i += 1) this.#spawn();
    for (const owned of this.#partitions) this.#assign(owned);
    this.#moveLater();
  }

  #spawn(): void {
    this.#ids += 1;
    const process = new SimProcess(this.#ids, this.#world, (troubled) => this.#inTrouble(troubled));
    this.#drivers.set(process, new Map());
  }

  /** A dead process is replaced; the group finds out after the session time, also about a frozen one. */
  #inTrouble(process: SimProcess): void {
    const { plan } = this.#world;
    if (!process.alive) this.#world.later(plan.random.between(20, 500), () => this.#spawn());
    const delayMs = process.alive ? plan.sessionMs : plan.random.between(100, plan.sessionMs);
    this.#world.later(delayMs, () => {
      const isBack = process.alive && process.frozenUntilMs <= this.#world.nowMs;
      if (isBack) return;
      for (const owned of this.#partitions) if (this.#world.owner(owned) === process.id) this.#assign(owned);
      if (!process.alive) this.#drivers.delete(process);
    });
  }

  #moveLater(): void {
    const { plan } = this.#world;
    this.#world.later(plan.rebalanceEveryMs * plan.random.between(0.5, 1.5), () => {
      const owned = this.#partitions[plan.random.whole(0, this.#partitions.length - 1)];
      if (owned !== undefined && this.#world.troubled) this.#assign(owned);
      this.#moveLater();
    });
  }

  /** Gives a partition to one who lives; the one before may hear of it later than the new one does. */
  #assign(owned: Owned): void {
    const { plan, nowMs } = this.#world;
    const candidates = [...this.#drivers.keys()].filter((one) => one.alive && one.frozenUntilMs <= nowMs);
    const next = candidates[plan.random.whole(0, candidates.length - 1)];
    if (next === undefined) {
      this.#world.later(100, () => this.#assign(owned));
      return;
    }
    const before = this.#world.owner(owned);
    this.#world.own(owned, next.id);
    for (const [process, drivers] of this.#drivers) {
      const driver = drivers.get(nameOf(owned));
      if (driver === undefined) continue;
      if (process === next && before === next.id) {
        if (driver instanceof WaitingDriver) process.step(() => driver.rewind());
        return;
      }
      process.after(plan.random.between(0, 300), () => driver.stop());
    }
    next.after(plan.random.between(0, 100), () => this.#take(next, owned));
  }

  #take(process: SimProcess, owned: Owned): void {
    if (this.#world.owner(owned) !== process.id) return;
    const drivers = this.#drivers.get(process);
    drivers?.get(nameOf(owned))?.stop();
    const driver =
      owned.kind === 'direct' ? new DirectDriver(process, owned) : new WaitingDriver(process, owned);
    drivers?.set(nameOf(owned), driver);
  }
}

const nameOf = ({ kind, partition }: Owned): string => `${kind}/${partition}`;

/** What a history came to. */
export interface Played {
  readonly plan: Plan;
  readonly world: World;
  readonly violations: readonly string[];
}

/** Plays one history to its end and says which promises it broke. */
export const playHistory = (seed: number, options: PlanOptions, isTraced = false): Played =>
  playPlan(planOf(seed, options), isTraced);

/** Plays a history that is drawn already. */
export const playPlan = (plan: Plan, isTraced = false, openStore: OpenStore = memoryStore): Played => {
  const played = playing(plan, isTraced, openStore).next();
  if (played.done === true) return played.value;
  throw new Error('this store takes time to answer: the history is played by playSlowly');
};

/** Plays a history on a store that takes time to answer; none passes in the history meanwhile. */
export const playSlowly = async (plan: Plan, isTraced: boolean, openStore: OpenStore): Promise<Played> => {
  const history = playing(plan, isTraced, openStore);
  for (;;) {
    const played = history.next();
    if (played.done === true) return played.value;
    await played.value;
  }
};

/** Plays a history, and gives way to each answer of the store that comes later. */
function* playing(
  plan: Plan,
  isTraced: boolean,
  openStore: OpenStore,
): Generator<Promise<void>, Played, undefined> {
  const world = new World(plan, isTraced, openStore);
  const cluster = new Cluster(world);
  const operators = plan.replays ? new Operators(world) : undefined;
  for (const { atMs, partition, duty } of plan.arrivals)
    world.later(atMs, () => world.produce(partition, duty));
  for (const loss of plan.losses) world.later(loss.atMs, () => loseData(world, loss.lastMs));
  const lastMs = Math.max(...plan.arrivals.map(({ atMs }) => atMs), ...plan.losses.map(({ atMs }) => atMs));
  world.later(lastMs + 8_000, () => {
    world.troubled = false;
  });
  // After a loss a process that slept through it may still park what has ended: probes wait until all are awake.
  const quietMs = lastMs + (plan.losses.length === 0 ? 1 : 18_000);
  const areReplayed = () => operators === undefined || operators.areDone;
  const isQuiet = () => world.nowMs > quietMs && isAllCommitted(world, plan.arrivals.length) && areReplayed();
  let drained = yield* world.play(lastMs + REST_MS, isQuiet);
  world.troubled = false;
  for (let probe = 0; drained && probe < PROBES; probe += 1) {
    for (const key of plan.keys)
      world.produce(plan.keys.indexOf(key) % plan.partitions, probeOf(key, probe), true);
    const count = plan.arrivals.length + (probe + 1) * plan.keys.length;
    drained = yield* world.play(world.nowMs + REST_MS, () => isAllCommitted(world, count) && areReplayed());
  }
  void cluster;
  return { plan, world, violations: violationsOf(world, drained) };
}

const probeOf = (key: string, probe: number) => ({
  ...{ event: `probe-${key}-${probe}`, key, fails: 0, kills: 0, runMs: 1 },
});

const loseData = (world: World, lastMs: number | undefined): Soon<void> => {
  world.lost += 1;
  world.note(() => `the store loses ${lastMs === undefined ? 'everything' : `its last ${lastMs} ms`}`);
  return world.store.lose(lastMs === undefined ? 0 : world.nowMs - lastMs);
};

const isAllCommitted = (world: World, count: number): boolean => {
  let produced = 0;
  for (const [partition, log] of world.events.entries()) {
    produced += log.length;
    if (world.committed({ kind: 'direct', partition }).offset < log.length) return false;
  }
  if (produced < count) return false;
  return world.waiting.every(
    (log, partition) => world.committed({ kind: 'waiting', partition }).offset >= log.length,
  );
};
