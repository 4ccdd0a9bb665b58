/** How much a run measures. */
export interface Sizes {
  /** Jobs of a first, short run that finds the best concurrency and the rate. */
  readonly calibrationJobs: number;
  /** How long a throughput run should take, s; its number of jobs follows from the rate. */
  readonly throughputSeconds: number;
  readonly leastJobs: number;
  readonly mostJobs: number;
  /** How long a steady load is measured, and how long it runs before that, s. */
  readonly steadySeconds: number;
  readonly warmSeconds: number;
  /** How long nothing is published then, s: what piled up before the code was warm is worked off. */
  readonly settleSeconds: number;
  /** Jobs of the tenant that floods. */
  readonly flood: number;
  /** Backlogs, ascending; the last two, of which one is a tenth of the other, are those memory is compared at. */
  readonly backlogs: readonly number[];
  /** Jobs that lie before each backlog, so that its rate is that of a warm program. */
  readonly warmJobs: number;
  /** How many jobs of a backlog are timed, at most. */
  readonly timedJobs: number;
  /** Retries of each tier. */
  readonly retries: number;
  /** Waits of these retries. */
  readonly tiersMs: readonly number[];
  /** How long one key fails, s. */
  readonly failingSeconds: number;
  readonly leaseMs: number;
  /** Records of the Parallel Consumer set-up. */
  readonly parallelRecords: number;
  /** How long an idle worker is watched, s. */
  readonly idleSeconds: number;
  readonly partitions: readonly number[];
  readonly processes: readonly number[];
}

const NORMAL: Sizes = {
  calibrationJobs: 40_000,
  throughputSeconds: 10,
  leastJobs: 10_000,
  mostJobs: 400_000,
  steadySeconds: 10,
  warmSeconds: 8,
  settleSeconds: 2,
  flood: 100_000,
  backlogs: [1_000, 10_000, 100_000, 1_000_000],
  warmJobs: 20_000,
  timedJobs: 50_000,
  retries: 500,
  tiersMs: [100, 1_000, 10_000, 60_000],
  failingSeconds: 60,
  leaseMs: 10_000,
  parallelRecords: 10_000,
  idleSeconds: 20,
  partitions: [1, 8, 32],
  processes: [1, 2, 4],
};

const SMALL: Sizes = {
  calibrationJobs: 1_000,
  throughputSeconds: 1,
  leastJobs: 2_000,
  mostJobs: 20_000,
  steadySeconds: 2,
  warmSeconds: 1,
  settleSeconds: 2,
  flood: 2_000,
  backlogs: [100, 1_000, 10_000],
  warmJobs: 500,
  timedJobs: 1_000,
  retries: 50,
  tiersMs: [100, 1_000],
  failingSeconds: 3,
  leaseMs: 6_000,
  parallelRecords: 500,
  idleSeconds: 3,
  partitions: [1, 8],
  processes: [1, 2],
};

/** The sizes of a whole run, or of one that only shows that everything works. */
export const sizesOf = (small: boolean): Sizes => (small ? SMALL : NORMAL);

/** When a steady load that is measured starts, ms after its publisher does. */
export const steadyStartMs = ({ warmSeconds, settleSeconds }: Sizes): number =>
  (warmSeconds + settleSeconds) * 1_000;
