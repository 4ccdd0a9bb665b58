import { durationName } from '../../../core/duration.ts';
import { isEsteiraError } from '../../../core/errors.ts';
import type { JobContext } from '../../../core/job.ts';
import { resolveSettings } from '../../../core/settings.ts';
import { about, type Finding } from '../finding.ts';
import { countEvents } from './evidence.ts';
import { FIRST_TENANT, openStage, type Script, SECOND_TENANT } from './stage.ts';

export interface HangingEvidence {
  /** What the type, its queue or the default allows, ms. */
  readonly saidMs: number;
  /** What was played: the same, up to a quarter of an hour. */
  readonly timeoutMs: number;
  /** When the signal of the one that hangs aborted, ms from its start; undefined where it never did. */
  readonly abortedAfterMs: number | undefined;
  /** The code its attempt failed with. */
  readonly errorCode: string | undefined;
  /** When another tenant's job completed, ms from the start of the one that hangs; undefined where it never did. */
  readonly otherAfterMs: number | undefined;
}

/** Claims are renewed every few seconds: a time-out of a day would be played for minutes, and show the same. */
const LONGEST_PLAYED_MS = 900_000;

/** Ends only when its signal says so. */
const hang = ({ signal }: JobContext): Promise<never> =>
  new Promise((_resolve, reject) => {
    const end = (): void => reject(signal.reason);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });

/** Plays a handler that hangs for one tenant, with another tenant's job behind it. */
export const playHanging = async ({ job, ...script }: Script): Promise<HangingEvidence> => {
  const { attemptTimeoutMs: saidMs } = resolveSettings(script.app, job);
  const timeoutMs = Math.min(saidMs, LONGEST_PLAYED_MS);
  const stage = await openStage(
    { ...script, job: { ...job, attemptTimeoutMs: timeoutMs } },
    (_payload, ctx) => (ctx.tenant === FIRST_TENANT ? hang(ctx) : undefined),
  );
  try {
    await stage.deliver({ tenant: FIRST_TENANT, id: 'hangs' });
    await stage.deliver({ tenant: SECOND_TENANT, id: 'goes-on' });
    const events = () => stage.process().told;
    const isOver = (): boolean =>
      countEvents({ events: events() }, 'job.failed') > 0 &&
      stage.starts.some((start) => start.how === 'returned');
    const delayMs = script.way.kind === 'event' ? script.way.trigger.delayMs : 0;
    await stage.until(isOver, delayMs + 3 * timeoutMs);
    const hung = stage.starts.find(({ ctx }) => ctx.tenant === FIRST_TENANT);
    const other = stage.starts.find(({ how }) => how === 'returned');
    const since = (ms: number | undefined): number | undefined =>
      ms === undefined || hung === undefined ? undefined : ms - hung.atMs;
    return {
      ...{ saidMs, timeoutMs },
      abortedAfterMs: isEsteiraError(hung?.error) ? since(hung?.endedMs) : undefined,
      errorCode: events().find(({ type }) => type === 'job.failed')?.errorCode ?? undefined,
      otherAfterMs: since(other?.endedMs),
    };
  } finally {
    await stage.close();
  }
};

/** Judges `time-bounded`. */
export const judgeTime = (seen: HangingEvidence): Finding => {
  const { proved, breach } = about('time-bounded');
  const { abortedAfterMs, otherAfterMs, timeoutMs } = seen;
  if (abortedAfterMs !== timeoutMs || seen.errorCode !== 'ESTEIRA_ATTEMPT_TIMEOUT')
    return breach(
      `a handler that hangs was ${abortedAfterMs === undefined ? 'not ended' : `ended after ${durationName(abortedAfterMs)}, not ${durationName(timeoutMs)}`}`,
      'give it an attemptTimeout',
    );
  if (otherAfterMs === undefined)
    return breach(
      "while it hung, and after, another tenant's job did not run",
      'give its queue more concurrency',
    );
  const other = otherAfterMs < timeoutMs ? 'ran meanwhile' : 'ran after it';
  const played = seen.saidMs === timeoutMs ? '' : ` (${durationName(seen.saidMs)}, cut short to be played)`;
  return proved(
    `a handler that hangs is ended after ${durationName(timeoutMs)}${played}; another tenant's job ${other}`,
  );
};
