import { afterAll, describe, expect, test } from 'vitest';
import { askedSeed } from '../simulation/broken.ts';
import { expectSame, playOnBoth, type Tally } from '../simulation/compared.ts';
import type { PlanOptions } from '../simulation/plan.ts';
import { redisForHistories } from '../simulation/redis-store.ts';

// The histories of test/simulation with the scripts of Redis in place of the memory store's rules: the same seeds, the
// same draws, the world still simulated, its time given to the scripts. Each is played on both: on Redis it must keep
// its promises, get the same answers call by call, and come out the same. ORDER_SEED plays one again.
const asked = askedSeed();
const server = redisForHistories(process.env['REDIS_URL'] ?? '');

const PLAIN = { losses: false };
const LOSSY = { losses: true };
const REPLAYS = { losses: false, replays: true };
const LOSSY_REPLAYS = { losses: true, replays: true };
const LATE = { losses: true, lateTimers: true };

/** What the histories must have reached for the comparison to be worth something. */
const ALL_ANSWERS = [
  ...['run', 'done', 'running', 'wait', 'dead', 'superseded', 'park', 'rebuilding', 'behind'].map(
    (kind) => `claim ${kind}`,
  ),
  ...['behind_dead_letter', 'attempts_exhausted', 'starts_exhausted'].map((reason) => `claim ${reason}`),
  ...['park parked', 'park ended', 'park rebuilding', 'park direct', 'fail failed', 'fail lost'],
  ...['complete completed', 'complete already', 'complete adopted', 'complete fenced'],
  ...['dead completed', 'dead already', 'register seen', 'register behind', 'renew renewed', 'renew gone'],
  ...['prepare prepared', 'begin begun', 'begin busy', 'begin stale', 'cancel cancelled'],
];

const sameHistories = (): void => {
  const tally: Tally = { histories: 0, calls: 0, words: new Set() };

  test.each([
    ['nothing is lost', PLAIN, 1, 80],
    ['the store loses data', LOSSY, 1, 80],
    ['timers are late and data lost', LATE, 2_751, 2_790],
    ['held keys are replayed', REPLAYS, 30_001, 30_060],
    ['held keys are replayed and data lost', LOSSY_REPLAYS, 40_001, 40_060],
  ] satisfies [string, PlanOptions, number, number][])(
    'where %s',
    async (_, options, from, to) => {
      await expectSame(server, from, to, options, tally);
      expect(tally.histories).toBeGreaterThan(to - from);
    },
    60_000,
  );

  test('and reach every kind of answer', () => {
    expect(ALL_ANSWERS.filter((answer) => !tally.words.has(answer))).toEqual([]);
  });
};

/** A script that says something else, and a history that is known to find it: what it breaks, or answers otherwise. */
interface Fault {
  readonly name: string;
  readonly text: string;
  readonly instead: string;
  readonly seed: number;
  readonly options: PlanOptions;
  readonly found: RegExp;
}

const FAULTS: readonly Fault[] = [
  {
    name: 'whose claim it is: the fence is not compared',
    text: "key[1] == 'R' and key[R_FENCE] == fence",
    instead: "key[1] == 'R'",
    ...{ seed: 36, options: PLAIN, found: /renew .* was answered \["renewed"\], in memory \["gone"\]/ },
  },
  {
    name: 'a zombie completes what another run holds',
    text: "if sub(raw, 1, 1) ~= 'F' then return FENCED end",
    instead: '',
    ...{ seed: 36, options: PLAIN, found: /complete .* was answered \["adopted"\], in memory \["fenced"\]/ },
  },
  {
    name: 'the hop at which a job has died is not compared',
    text: 'job[J_HOP] >= hop then return job[J_ORIGIN]',
    instead: 'job[J_HOP] > hop then return job[J_ORIGIN]',
    ...{ seed: 10, options: PLAIN, found: /did not come to rest/ },
  },
  {
    name: 'a live lease does not count',
    text: 'if key[R_UNTIL] > now then return RUNNING',
    instead: 'if false then return RUNNING',
    ...{ seed: 1, options: PLAIN, found: /was answered .*"run".*, in memory .*"running"/ },
  },
  {
    name: 'a head runs before it is due',
    text: "s[S_DEAD] == '' and s[S_DUE] > now then return WAIT",
    instead: 'false then return WAIT',
    ...{ seed: 3, options: PLAIN, found: /was answered .*"run".*, in memory .*"wait"/ },
  },
  {
    name: 'starts are not counted over attempts',
    text: 'starts, attempt = max(starts, s[S_STARTS]), max',
    instead: 'attempt = max',
    ...{ seed: 10, options: PLAIN, found: /event 5 started 9 times/ },
  },
  {
    name: 'a skip does not move its sequence',
    text: "if not direct then finish(s, place, true, not done and 'superseded') end",
    instead: '',
    ...{ seed: 2, options: PLAIN, found: /probe .* on the waiting way/ },
  },
  {
    name: 'what died does not hold its key',
    text: 's[S_HELD] = s[S_HELD] + 1',
    instead: '',
    ...{ seed: 10, options: PLAIN, found: /completed behind a dead one/ },
  },
  {
    name: 'what a worker knows to be parked is not believed',
    text: 'n[N_WAITING] == 1 and place or tonumber(ARGV[at + 3])',
    instead: 'n[N_WAITING] == 1 and place or -1',
    ...{ seed: 46, options: LOSSY, found: /completed late/ },
  },
  {
    name: 'copies that are read are not registered',
    text: 'promise(s, tonumber(ARGV[i + 1]))',
    instead: '',
    ...{ seed: 34, options: LOSSY, found: /was answered .*"run".*, in memory .*"park"/ },
  },
  {
    name: 'nobody looks whether the witness was lost',
    text: 'if seen < after then return {0} end',
    instead: '',
    ...{ seed: 1, options: LOSSY, found: /register .* was answered \["seen"\], in memory \["behind"\]/ },
  },
  {
    name: 'a replay begins without what died meanwhile',
    text: 'if s[S_HELD] ~= dead then return STALE, s[S_HELD] end',
    instead: '',
    ...{ seed: 20, options: REPLAYS, found: /begin .*"begun".*, in memory .*"stale"/ },
  },
  {
    name: 'what arrives does not go behind a replay',
    text: 'return s[S_STATE] == PLAN_BEGUN and BEHIND',
    instead: 'return false',
    ...{ seed: 14, options: REPLAYS, found: /claim .*"behind_dead_letter".*, in memory .*"behind"/ },
  },
];

const faultyScripts = (): void => {
  test.each(FAULTS)('$name', async ({ text, instead, seed, options, found }) => {
    let edited = 0;
    const edit = (source: string): string => {
      if (source.includes(text)) edited += 1;
      return source.replace(text, instead);
    };
    const { violations, differences } = await playOnBoth(server, seed, options, { edit });
    expect([...violations, ...differences].join('\n')).toMatch(found);
    expect(edited).toBeGreaterThan(0);
  });
};

afterAll(() => server.close());

if (asked === undefined) {
  describe(
    'the scripts of Redis give the answers of memory in random histories',
    { retry: 0 },
    sameHistories,
  );
  describe('a script with a fault is found', { retry: 0 }, faultyScripts);
} else {
  test(`history ${asked.seed} comes out on Redis as in memory, and keeps its promises`, () =>
    expectSame(server, asked.seed, asked.seed, asked));
}
