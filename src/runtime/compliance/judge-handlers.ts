import { errorFacts } from '../../core/error-facts.ts';
import type { Script } from './engine/stage.ts';
import { about, type Finding, type LineName } from './finding.ts';
import {
  judgeAdapters,
  judgeAi,
  judgeBreaker,
  judgeCrash,
  judgeFallback,
  judgeHold,
  judgeOutput,
  judgeTimeout,
  reachedPast,
} from './handlers/judge-handler.ts';
import { type OutsideGuard, outsideGuard, type Reach } from './handlers/outside-guard.ts';
import {
  type Answers,
  type HandlerEvidence,
  playCrash,
  playDown,
  playHung,
  playWell,
} from './handlers/plays.ts';
import { calledProviders, pastProviders } from './handlers/tried-handler.ts';

/** Lines that only the app's own handler can prove. */
export const HANDLER_LINES: readonly LineName[] = [
  'crash-safe',
  'adapters',
  'provider-timeout',
  'provider-breaker',
  'provider-fallback',
];

/** The same of one job type: `ai` jobs have one more. */
export const handlerLines = ({ job }: Pick<Script, 'job'>): readonly LineName[] =>
  job.kind === 'ai' ? [...HANDLER_LINES, 'ai-prepares-only'] : HANDLER_LINES;

/** Why nothing can be said of a handler with this sample; undefined where it did its work. */
const failureOf = ({ starts, deeds }: HandlerEvidence): string | undefined => {
  const [start] = starts;
  if (start === undefined) return 'the sample did not come to a start';
  if (deeds.unwanted > 0) return 'its own precondition (shouldRun, version) said no to the sample';
  if (start.how === 'running') return 'the handler did not end within 3 s, though every service answered';
  if (start.how === 'returned') return undefined;
  const { code, className } = errorFacts(start.error);
  return `with this sample the handler failed (${code ?? className})`;
};

const SAMPLE_TODO =
  "give a payload it can work with, and what its services answer: --samples FILE with 'jobs' and 'providers'";

const judgeServices = async (script: Script, guard: OutsideGuard): Promise<readonly Finding[]> => {
  const timeout = judgeTimeout(await playHung(script, guard));
  if (timeout.verdict === 'breach') {
    const why = 'not played: what waits for more than its provider would be waited for at every call';
    const unplayed = (['provider-breaker', 'provider-fallback'] as const).map((line) =>
      about(line).unproved(why, 'mend provider-timeout first'),
    );
    return [timeout, ...unplayed];
  }
  const down = await playDown(script, guard);
  return [timeout, judgeBreaker(down), judgeFallback(down)];
};

const judgeAll = async (
  script: Script,
  guard: OutsideGuard,
  answers: Answers,
): Promise<readonly Finding[]> => {
  const well = await playWell(script, guard, answers);
  const hold = judgeHold(well, script.job);
  const judged = [
    judgeAdapters(well),
    ...[hold, judgeOutput(well)].filter((finding) => finding !== undefined),
    ...(script.job.kind === 'ai' ? [judgeAi(well, script.job)] : []),
  ];
  const isStopped = pastProviders(well.deeds).length > 0;
  const why = isStopped
    ? 'not played on: it reached outside, and was stopped there'
    : hold === undefined
      ? failureOf(well)
      : 'not played on: it would hold the process again and again';
  if (why !== undefined) {
    const todo = isStopped
      ? 'mend adapters first'
      : hold === undefined
        ? SAMPLE_TODO
        : 'mend time-bounded first';
    // What it did not reach while it failed, it may reach when it works: only breaches stand.
    const breaches = judged.filter(({ verdict }) => verdict === 'breach');
    const open = handlerLines(script).filter((line) => !breaches.some((breach) => breach.line === line));
    return [...breaches, ...open.map((line) => about(line).unproved(why, todo))];
  }
  const crash = judgeCrash(await playCrash(script, guard, answers));
  const services = calledProviders(well.deeds).length === 0 ? [] : await judgeServices(script, guard);
  return [crash, ...judged, ...services];
};

/** What the process did while the handler was tried out, and in nobody's name. */
const judgeStrays = (strays: readonly Reach[]): readonly Finding[] => {
  if (strays.length === 0) return [];
  const where = [
    ...new Set(strays.map(({ kind, what }) => (kind === 'thrown' ? `a catch (${what})` : what))),
  ];
  return [
    about('adapters').unproved(
      `while it was tried out, something in the process reached for ${where.join(', ')} and was refused: nobody knows in whose name`,
      'give the app adapters in memory for the check, or let it connect no earlier than its jobs need it',
    ),
  ];
};

/** What it did in any play, also after it had ended, and what it started threw. */
const judgeReached = (reached: readonly Reach[]): readonly Finding[] => {
  const past = pastProviders({ reached: [...reached] });
  const thrown = [...new Set(reached.filter(({ kind }) => kind === 'thrown').map(({ what }) => what))];
  return [
    ...(past.length === 0 ? [] : [reachedPast(past)]),
    ...(thrown.length === 0
      ? []
      : [
          about('crash-safe').breach(
            `what it started threw where nobody could catch it (${thrown.join(', ')}): that ends a worker, with all that runs in it`,
            'wait for what it starts (await), and let its errors through',
          ),
        ]),
  ];
};

/**
 * Tries the app's own handler out, behind a guard that lets nothing out of the process. What is found is told when asked
 * for: a handler may go on after its end.
 */
export const judgeHandlers = async (script: Script, answers: Answers): Promise<() => readonly Finding[]> => {
  const guard = outsideGuard();
  const before = guard.strays.length;
  const reached: Reach[] = [];
  const noting: OutsideGuard = {
    ...guard,
    run: (onReach, work) =>
      guard.run((reach) => {
        reached.push(reach);
        onReach(reach);
      }, work),
  };
  const findings = await judgeAll(script, noting, answers);
  const strays = judgeStrays(guard.strays.slice(before));
  return () => [...findings, ...strays, ...judgeReached(reached)];
};

/** What is said of a handler that was not to be run. */
export const handlersNotRun = (script: Script): readonly Finding[] =>
  handlerLines(script).map((line) =>
    about(line).unproved(
      'its handler was not run',
      'run it: --run-handlers, on an app with adapters in memory for what is no external service',
    ),
  );
