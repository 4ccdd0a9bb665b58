import type { Clock } from '../../src/core/clock.ts';
import { settingsOf, variablesOf } from './broken.ts';
import { type Played, playPlan, playSlowly } from './history.ts';
import { memoryStoreInWholeMs } from './memory-store.ts';
import { type PlanOptions, planOf } from './plan.ts';
import type { EditScript, RedisForHistories } from './redis-store.ts';
import { placed } from './requests.ts';
import { type SimStore, type Soon, when } from './store.ts';
import { nameOf, type World } from './world.ts';

/** One call of a store: what was asked, and the answers, comparable. */
interface Asked {
  readonly atMs: number;
  readonly call: string;
  readonly requests: unknown;
  readonly answers: string;
}

/** One history, played once on each store. */
export interface Compared {
  readonly seed: number;
  readonly memory: Played;
  readonly redis: Played;
  /** The calls of the run on Redis. */
  readonly asked: readonly Asked[];
  /** Promises that the run on Redis broke, and where it came out otherwise than in memory; none when all is well. */
  readonly violations: readonly string[];
  readonly differences: readonly string[];
}

/** What ranges of histories came to. */
export interface Tally {
  histories: number;
  calls: number;
  /** The words of all answers. */
  readonly words: Set<string>;
}

/** Histories that wait for answers of Redis at the same time. */
const AT_ONCE = 16;

/** Plays one history on both stores. A script may be edited, to see whether that is found. */
export const playOnBoth = async (
  server: RedisForHistories,
  seed: number,
  options: PlanOptions,
  { edit, isTraced = false }: { readonly edit?: EditScript; readonly isTraced?: boolean } = {},
): Promise<Compared> => {
  const [inMemory, inRedis]: [Asked[], Asked[]] = [[], []];
  const memory = playPlan(planOf(seed, options), false, (clock, plan) =>
    noting(memoryStoreInWholeMs(clock, plan), clock, inMemory),
  );
  const history = server.history(edit);
  try {
    const open = (clock: Clock): SimStore => noting(history.open(clock), clock, inRedis);
    const redis = await playSlowly(planOf(seed, options), isTraced, open);
    const states = await Promise.all([memory.world, redis.world].map(statesOf));
    const differences = [
      ...differenceOf(inMemory, inRedis),
      ...unlike('the outcome', outcomeOf(memory.world), outcomeOf(redis.world)),
      ...unlike('what is kept of the keys', states[0], states[1]),
    ];
    return { seed, memory, redis, asked: inRedis, violations: redis.violations, differences };
  } finally {
    await history.forget();
  }
};

/** Plays the histories of a range of seeds, until one is found that broke a promise or came out otherwise. */
export const firstUnlike = async (
  server: RedisForHistories,
  seeds: { readonly from: number; readonly to: number; readonly options: PlanOptions },
  { edit, tally }: { readonly edit?: EditScript; readonly tally?: Tally } = {},
): Promise<Compared | undefined> => {
  const { from, to, options } = seeds;
  let next = from;
  let isOver = false;
  const found: Compared[] = [];
  const playOn = async (): Promise<void> => {
    while (next <= to && !isOver) {
      const seed = next;
      next += 1;
      const compared = await playOnBoth(server, seed, options, edit === undefined ? {} : { edit }).catch(
        (error: unknown) => {
          isOver = true;
          throw new Error(`history ${variablesOf(seed, options)} could not be played`, { cause: error });
        },
      );
      if (compared.violations.length + compared.differences.length > 0) {
        isOver = true;
        found.push(compared);
      }
      if (tally !== undefined) count(tally, compared);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, playOn));
  return found.sort((a, b) => a.seed - b.seed)[0];
};

/** Fails with the whole story when a history of the range breaks a promise on Redis, or comes out otherwise. */
export const expectSame = async (
  server: RedisForHistories,
  from: number,
  to: number,
  options: PlanOptions,
  tally?: Tally,
): Promise<void> => {
  const found = await firstUnlike(server, { from, to, options }, tally === undefined ? {} : { tally });
  if (found !== undefined) throw new Error(await storyOf(server, found.seed, options));
};

const storyOf = async (server: RedisForHistories, seed: number, options: PlanOptions): Promise<string> => {
  const { violations, differences, redis } = await playOnBoth(server, seed, options, { isTraced: true });
  return [
    `${variablesOf(seed, options)} npx vitest run --project contract test/contract/redis-order-simulation.test.ts`,
    `${[...violations, ...differences].join('; ')}`,
    settingsOf(redis.plan),
    ...redis.world.trace,
  ].join('\n');
};

const count = (tally: Tally, { asked }: Compared): void => {
  tally.histories += 1;
  tally.calls += asked.length;
  for (const { call, answers } of asked) {
    for (const [, word] of answers.matchAll(/"([a-z_]+)"[,}\]]/g)) tally.words.add(`${call} ${word}`);
  }
};

/** The first call that was answered otherwise. What was asked before it was the same: nothing else decides. */
const differenceOf = (inMemory: readonly Asked[], inRedis: readonly Asked[]): readonly string[] => {
  const at = inRedis.findIndex(({ answers }, i) => answers !== inMemory[i]?.answers);
  const [expected, found] = [inMemory[at], inRedis[at]];
  if (found === undefined) return inMemory.length === inRedis.length ? [] : ['fewer calls than in memory'];
  const { atMs, call, requests, answers } = found;
  return [
    `at ${atMs.toFixed(2)} ms ${call} ${JSON.stringify(requests)} was answered ${answers}, in memory ${expected?.answers}`,
  ];
};

const unlike = (what: string, inMemory: unknown, inRedis: unknown): readonly string[] => {
  const [expected, found] = [JSON.stringify(inMemory), JSON.stringify(inRedis)];
  return expected === found ? [] : [`${what}: ${found}, in memory ${expected}`];
};

/** How each record ended, in order; what was written to the waiting topic and to the dead letters; runs per event. */
const outcomeOf = (world: World) => ({
  endings: world.endings.map(({ record, how, where }) => `${nameOf(record)} ${how} ${where}`),
  copies: world.waiting.map((log) => log.map(({ record }) => nameOf(record))),
  letters: world.letters.map(nameOf),
  starts: [...world.starts],
  lastMs: world.nowMs,
});

const statesOf = async ({ store, events }: World) => {
  const sequences = new Map(events.flat().map((record) => [record.duty.key, placed(record, 'direct')]));
  return await store.inspect([...sequences.values()]);
};

/** The same store, with each call and its answers noted. */
const noting = (store: SimStore, clock: Clock, notes: Asked[]): SimStore => {
  const fences: number[] = [];
  const comparable = (name: string, value: unknown): unknown =>
    name === 'fence' && typeof value === 'number' ? fenceName(fences, value) : value;
  const noted =
    <Request, Answer>(call: string, ask: (requests: readonly Request[]) => Soon<Answer>) =>
    (requests: readonly Request[]): Soon<Answer> =>
      when(ask(requests), (answers) => {
        const words = JSON.stringify(answers, comparable) ?? 'nothing';
        notes.push({ atMs: clock.nowMs(), call, requests, answers: words });
        return answers;
      });
  return {
    claim: noted('claim', store.claim),
    park: noted('park', store.park),
    fail: noted('fail', store.fail),
    complete: noted('complete', store.complete),
    dead: noted('dead', store.dead),
    register: noted('register', store.register),
    renew: noted('renew', store.renew),
    release: noted('release', store.release),
    inspect: store.inspect,
    lift: noted('lift', store.lift),
    prepare: noted('prepare', store.prepare),
    begin: noted('begin', store.begin),
    cancel: noted('cancel', store.cancel),
    lose: store.lose,
  };
};

/** Fences are compared by their order: which numbers lie between them is a matter of the store. */
const fenceName = (fences: number[], fence: number): string => {
  const known = fences.indexOf(fence);
  if (known >= 0) return `fence ${known}`;
  fences.push(fence);
  const isLargest = fences.every((other) => other <= fence);
  return `fence ${fences.length - 1}${isLargest ? '' : ', not larger than all before'}`;
};
