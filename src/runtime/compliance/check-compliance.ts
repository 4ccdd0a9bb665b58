import { setTimeout as pause } from 'node:timers/promises';
import { type Environment, readEnvironment } from '../../config/index.ts';
import type { AppDefinition } from '../../core/app.ts';
import { EsteiraError } from '../../core/errors.ts';
import type { JobDefinition } from '../../core/job.ts';
import { judgeDefinition } from './definition/judge-definition.ts';
import type { Script } from './engine/stage.ts';
import { about, BY_REVIEW, type Finding, LINES, type LineName, type Verdict } from './finding.ts';
import { outsideGuard } from './handlers/outside-guard.ts';
import { requireRehearsalPlace } from './handlers/rehearsal-place.ts';
import { judgeEngine } from './judge-engine.ts';
import { HANDLER_LINES, handlersNotRun, judgeHandlers } from './judge-handlers.ts';
import { requireKnownNames, type Samples, sampleFor } from './samples.ts';
import { waysTo } from './way.ts';

export interface ComplianceOptions {
  /** Job types to check; default all. */
  readonly jobTypes?: readonly string[];
  /**
   * Whether the app's own handlers are run. Providers are stood in for; connections, files and processes are refused to
   * them; what they do in the memory of this process is done. Default false.
   */
  readonly runHandlers?: boolean;
  /**
   * Whether nobody else in this process needs the network: with `runHandlers` it is then refused to everybody, for good, so
   * that not even what a handler leaves in the queue of a client gets out. Default false; the command line says true.
   */
  readonly isAlone?: boolean;
  /** By which handlers are refused to run in production, and where Kafka is named; default that of the process. */
  readonly environment?: Environment;
  readonly samples?: Samples;
  /** Told before each job type, for progress. */
  readonly onJobType?: (type: string, index: number) => void;
}

/** What is known of one job type: a finding for each line that concerns it, in the order of the lines. */
export interface JobCompliance {
  readonly type: string;
  readonly kind: string;
  readonly findings: readonly Finding[];
}

export interface ComplianceReport {
  readonly app: string;
  readonly handlersRun: boolean;
  readonly jobs: readonly JobCompliance[];
  readonly counts: Readonly<Record<Verdict, number>>;
  /** What no run can tell. */
  readonly byReview: readonly string[];
}

/** Lines that are played by the engine, with stand-ins. */
const ENGINE_LINES: readonly LineName[] = LINES.filter(
  (line) => !HANDLER_LINES.includes(line) && line !== 'ai-prepares-only',
);

const RANK: Readonly<Record<Verdict, number>> = { breach: 0, unproved: 1, proved: 2 };

/** The worst that was found of each line, in the order of the lines. */
const worstOfEach = (findings: readonly Finding[]): readonly Finding[] =>
  LINES.flatMap((line) => {
    const found = findings.filter((finding) => finding.line === line);
    const [worst] = found.toSorted((a, b) => RANK[a.verdict] - RANK[b.verdict]);
    return worst === undefined ? [] : [worst];
  });

const unplayed = (why: string): readonly Finding[] =>
  ENGINE_LINES.map((line) => about(line).unproved(why, "give one: --samples FILE with 'jobs' or 'events'"));

/** Real time that handlers are watched for after the last has ended, ms: some go on with what nobody waits for. */
const AFTERMATH_MS = 200;

/** What was found of one job type, told when asked for. */
type Told = () => readonly Finding[];

const play = async (
  app: AppDefinition,
  job: JobDefinition<unknown>,
  { samples = {}, runHandlers = false }: ComplianceOptions,
): Promise<Told> => {
  const [way] = waysTo(app, job);
  if (way === undefined) return () => unplayed('nothing sets it off: no event, and it cannot be dispatched');
  const sample = await sampleFor(job, way, samples);
  const script: Script = { app, job, way, sample: sample.ok ? sample.value : undefined };
  if (!sample.ok) return () => [...unplayed(sample.why), ...handlersNotRun(script)];
  const engine = await judgeEngine(script);
  if (engine === undefined)
    return () => [
      ...unplayed('the sample sets no job off: its condition (when) or its map does not take it'),
      ...handlersNotRun(script),
    ];
  const own = runHandlers
    ? await judgeHandlers(script, samples.providers ?? {})
    : () => handlersNotRun(script);
  return () => [...engine, ...own()];
};

const chosen = (app: AppDefinition, types: readonly string[] | undefined): AppDefinition['jobs'] => {
  const unknown = types?.find((type) => !app.jobs.some((job) => job.type === type));
  if (unknown !== undefined)
    throw new EsteiraError(
      'ESTEIRA_JOB_TYPE_UNKNOWN',
      `job type ${unknown} is not among the jobs of app ${app.name}: ${app.jobs.map(({ type }) => type).join(', ')}`,
      { facts: { jobType: unknown } },
    );
  return types === undefined ? app.jobs : app.jobs.filter(({ type }) => types.includes(type));
};

const judgeJobs = async (
  app: AppDefinition,
  options: ComplianceOptions,
): Promise<readonly JobCompliance[]> => {
  requireKnownNames(app, options.samples ?? {});
  const played: { readonly job: JobDefinition<unknown>; readonly told: Told }[] = [];
  for (const [index, job] of chosen(app, options.jobTypes).entries()) {
    options.onJobType?.(job.type, index);
    played.push({ job, told: await play(app, job, options) });
  }
  if (options.runHandlers === true) await pause(AFTERMATH_MS);
  return played.map(({ job, told }) => {
    const findings = worstOfEach([...judgeDefinition(app, job), ...told()]);
    return { type: job.type, kind: job.kind, findings };
  });
};

const reportOf = (
  app: AppDefinition,
  { runHandlers = false }: ComplianceOptions,
  jobs: readonly JobCompliance[],
): ComplianceReport => {
  const all = jobs.flatMap(({ findings }) => findings);
  const count = (verdict: Verdict): number => all.filter((finding) => finding.verdict === verdict).length;
  return {
    app: app.name,
    handlersRun: runHandlers,
    jobs,
    counts: { proved: count('proved'), breach: count('breach'), unproved: count('unproved') },
    byReview: BY_REVIEW,
  };
};

/**
 * Checks every line of each job type by running it: on the real engine, in memory, on a clock of its own. Touches no
 * service of the app; its handlers are run only when asked for.
 *
 * @throws EsteiraError ESTEIRA_JOB_TYPE_UNKNOWN, ESTEIRA_USAGE (samples for what the app has not),
 *   ESTEIRA_COMPLIANCE_REFUSED
 */
export const checkCompliance = async (
  app: AppDefinition,
  options: ComplianceOptions = {},
): Promise<ComplianceReport> => {
  const { runHandlers = false, isAlone = false } = options;
  if (runHandlers) requireRehearsalPlace(options.environment ?? readEnvironment());
  if (runHandlers && isAlone) outsideGuard().refuseEverybody();
  const release = runHandlers && isAlone ? outsideGuard().catchEverybody() : () => undefined;
  try {
    return reportOf(app, options, await judgeJobs(app, options));
  } finally {
    release();
  }
};
