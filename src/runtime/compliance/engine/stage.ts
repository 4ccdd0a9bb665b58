import type { AppDefinition } from '../../../core/app.ts';
import { waitFor } from '../../../core/clock.ts';
import type { JobContext, JobDefinition } from '../../../core/job.ts';
import { knownTenants } from '../../../core/tenants.ts';
import { ofTenant } from '../definition/broken-payloads.ts';
import type { Way } from '../way.ts';
import { type EngineProcess, startProcess } from './engine-process.ts';
import { openServices, type RehearsalServices } from './services.ts';

/** What plays the handler. */
export type Handler = (payload: unknown, ctx: JobContext) => unknown;

/** A job type, a way to it, and what is delivered that way. */
export interface Script {
  readonly app: AppDefinition;
  readonly job: JobDefinition<unknown>;
  readonly way: Way;
  readonly sample: unknown;
}

/** One start of a handler, on the rehearsal's clock. */
export interface Start {
  readonly ctx: JobContext;
  readonly atMs: number;
  endedMs?: number;
  /** What it threw; `how` says whether it did. */
  error?: unknown;
  how: 'running' | 'returned' | 'threw';
}

export interface Delivery {
  readonly tenant: string;
  /** Of the event or dispatch; the same id is the same delivery. */
  readonly id: string;
  readonly userId?: string;
  readonly correlationId?: string;
  readonly traceparent?: string;
  /** Delivered as it is; default the script's sample, as of the tenant. */
  readonly payload?: unknown;
}

/** Tenants that exist in a rehearsal. */
export const TENANTS: readonly string[] = Array.from({ length: 40 }, (_, index) => `rehearsal-${index + 1}`);
export const [FIRST_TENANT = '', SECOND_TENANT = ''] = TENANTS;

const A_YEAR_MS = 31_536_000_000;
/** Turns of the event loop after which nothing moves that needs no time. */
const QUIET_TURNS = 40;
const MOST_STEPS = 10_000;
/** Steps without news after which time leaps to shortly before the next thing that is known to be due. */
const LULL_STEPS = 20;
const BEFORE_DUE_MS = 1_000;
/** In how many strides time passes when nothing is waited for. */
const STRIDES = 60;
const POLL_MS = 2;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The job type alone, with somebody else in the place of its handler; preconditions are the handler's business here. */
const cast = (job: JobDefinition<unknown>, run: Handler): JobDefinition<unknown> => {
  const { shouldRun: _, isolate: __, ...rest } = job;
  return { ...rest, after: [], run };
};

export interface StageOptions {
  /**
   * How long, of real time, time on the stage stands still for a handler that runs, ms. Default 0: stand-ins need none.
   */
  readonly patienceMs?: number;
}

/** One job type on the real engine, in memory, on a clock that moves only when nothing else does. */
export interface Stage {
  readonly script: Script;
  readonly services: RehearsalServices;
  /** Every start of the handler, in every process. */
  readonly starts: readonly Start[];
  /** The process that runs now. */
  readonly process: () => EngineProcess;
  /** Delivers the sample, or another payload, by the script's way. */
  deliver(delivery: Delivery): Promise<void>;
  /** Lets time go from one thing that is due to the next until `done`; false when a year, or `withinMs`, is over first. */
  until(done: () => boolean, withinMs?: number): Promise<boolean>;
  /** Lets `ms` pass. */
  pass(ms: number): Promise<void>;
  /** The process dies, and another takes its place. */
  restart(): Promise<void>;
  /** Dies with its process: nothing it has done since then was seen by anybody. */
  die(): void;
  close(): Promise<void>;
}

/** Notes each start of a handler and how it ended. */
const noting = (handler: Handler, starts: Start[], nowMs: () => number): Handler => {
  const end = (start: Start, how: Start['how'], error?: unknown): void => {
    start.how = how;
    start.endedMs = nowMs();
    start.error = error;
  };
  return async (payload, ctx) => {
    const start: Start = { ctx, atMs: nowMs(), how: 'running' };
    starts.push(start);
    try {
      await handler(payload, ctx);
      end(start, 'returned');
    } catch (error) {
      end(start, 'threw', error);
      throw error;
    }
  };
};

/** Lets everything run that needs no time on the stage; real time only for handlers, and for each only so long. */
const quietens = (starts: readonly Start[], patienceMs: number) => {
  const givenUp = new Set<Start>();
  const waitedFor = (): readonly Start[] =>
    patienceMs === 0 ? [] : starts.filter((start) => start.how === 'running' && !givenUp.has(start));
  return async (): Promise<void> => {
    const untilMs = performance.now() + patienceMs;
    for (;;) {
      for (let turns = 0; turns < QUIET_TURNS; turns += 1) await turn();
      const running = waitedFor();
      if (running.length === 0) return;
      if (performance.now() > untilMs) for (const start of running) givenUp.add(start);
      else await waitFor(POLL_MS);
    }
  };
};

const send = async (
  { way, job, sample }: Script,
  process: EngineProcess,
  delivery: Delivery,
): Promise<void> => {
  const { payload, ...options } = delivery;
  const value = 'payload' in delivery ? payload : ofTenant(sample, options.tenant);
  if (way.kind === 'event') await process.publish(way.trigger.event, value, options);
  else await process.dispatch(job, value, options);
};

/** Opens a stage with a first process on it. */
export const openStage = async (
  script: Script,
  handler: Handler,
  { patienceMs = 0 }: StageOptions = {},
): Promise<Stage> => {
  const starts: Start[] = [];
  let nowMs = (): number => 0;
  const job = cast(
    script.job,
    noting(handler, starts, () => nowMs()),
  );
  const app = { ...script.app, jobs: [job], tenants: knownTenants(TENANTS) };
  const services = await openServices(app);
  const { clock } = services;
  nowMs = () => clock.nowMs();
  let process = await startProcess(app, services);
  const quieten = quietens(starts, patienceMs);
  /** When the next retry is due, as it was told, epoch ms: engines that look at a clock twice a second would make a day long. */
  const nextDueMs = (): number =>
    process.told.reduce(
      (next, { dueAt }) => (dueAt !== null && dueAt > clock.nowMs() ? Math.min(next, dueAt) : next),
      Number.POSITIVE_INFINITY,
    );
  const until = async (done: () => boolean, withinMs: number = A_YEAR_MS): Promise<boolean> => {
    const endMs = clock.nowMs() + withinMs;
    for (let steps = 0, lull = 0, news = 0; steps < MOST_STEPS; steps += 1, lull += 1) {
      await quieten();
      if (done()) return true;
      if (process.told.length > news) lull = 0;
      news = process.told.length;
      // A leap would go over the renewals of what runs.
      const mayLeap = lull >= LULL_STEPS && starts.every(({ how }) => how !== 'running');
      const leapMs = mayLeap ? nextDueMs() - BEFORE_DUE_MS : Number.POSITIVE_INFINITY;
      const nextMs = clock.nextMs();
      if (nextMs === undefined || nextMs > endMs || process.fatal.length > 0) break;
      clock.moveTo(Number.isFinite(leapMs) ? Math.max(nextMs, leapMs) : nextMs);
    }
    return done();
  };
  return {
    ...{ services, starts, script: { ...script, job }, process: () => process, until },
    deliver: (delivery) => send({ ...script, job }, process, delivery),
    pass: async (ms) => {
      for (let stride = 0; stride < STRIDES; stride += 1) {
        await quieten();
        clock.moveTo(clock.nowMs() + ms / STRIDES);
      }
      await quieten();
    },
    die: () => process.die(),
    restart: async () => {
      await process.close();
      process = await startProcess(app, services);
    },
    close: async () => {
      await process.close();
      await services.broker.close();
    },
  };
};
