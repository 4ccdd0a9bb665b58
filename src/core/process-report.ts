import { z } from 'zod';

const stopped = z.object({
  /** `dependency`: it is down, and one job tries now and then; `problem`: of the process itself. */
  kind: z.enum(['dependency', 'problem']),
  /** The dependency, or the problem. */
  what: z.string(),
  /** The tenant it holds for; absent when it holds for the whole job type. */
  tenant: z.string().optional(),
  /** Epoch ms. */
  sinceMs: z.number(),
  /** When the next job may try, epoch ms. */
  nextTryMs: z.number().optional(),
});

const account = z.object({
  jobType: z.string(),
  /** Handlers that run now. */
  running: z.int().min(0),
  /** Why starts are stopped; without what operators and dead-letter guards have ordered, which stands on the control topic. */
  stopped: z.array(stopped).readonly(),
});

const report = z.object({ v: z.literal(1), jobTypes: z.array(account) });

/** Why a process starts no jobs of a type, or none of a tenant in it. */
export type StoppedStarts = z.infer<typeof stopped>;

/** What a process says of a job type that it runs. */
export type JobTypeAccount = z.infer<typeof account>;

/** Of a job type in one process at most so many reasons are said: those for the whole type first, then the oldest. */
const MOST_STOPPED = 50;

const wholeFirst = (a: StoppedStarts, b: StoppedStarts): number =>
  Number(a.tenant !== undefined) - Number(b.tenant !== undefined) || a.sinceMs - b.sinceMs;

/** What a process says of all its job types, as text. */
export const writeReport = (accounts: readonly JobTypeAccount[]): string =>
  JSON.stringify({
    v: 1,
    jobTypes: accounts.map((one) => ({
      ...one,
      stopped: one.stopped.toSorted(wholeFirst).slice(0, MOST_STOPPED),
    })),
  });

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** What a process has said; undefined where another version said it in a way that is not known here. */
export const readReport = (text: string): readonly JobTypeAccount[] | undefined =>
  report.safeParse(parsed(text)).data?.jobTypes;
