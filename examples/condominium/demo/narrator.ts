import type { JobEvent } from '../../../src/index.ts';

/** Prints what happens, one aligned line a step. */
export interface Narrator {
  /** Sets the time to zero. */
  begin(): void;
  elapsedMs(): number;
  /** A step of the story itself. */
  say(what: string, about: { readonly type?: string; readonly tenant?: string; readonly text: string }): void;
  /** A step of a job; the starts of attempts are left out, they would double the lines. */
  job(event: JobEvent): void;
}

const WIDTH = { time: 7, what: 11, type: 27, tenant: 18 } as const;
const LONGEST_TEXT = 84;

const short = (text: string): string =>
  text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 1)}…` : text;

const attemptOf = ({ attempt, maxAttempts }: JobEvent): string =>
  attempt > 1 ? `at attempt ${attempt} of ${maxAttempts}` : 'at the first attempt';

const WAITS: Readonly<Record<string, string>> = {
  trigger_delay: 'waits as its trigger says',
  dispatch_delay: 'waits as its dispatch says',
  running_elsewhere: 'waits: it is running already',
  dependency_down: 'waits, no attempt spent: what it needs is down',
};

const SKIPS: Readonly<Record<string, string>> = {
  duplicate: 'a repeat, it had its effect before',
  superseded: 'a repeat, the first one is on its way',
};

/** The word for the line and what there is to say; undefined for steps that are left out. */
const lineOf = (event: JobEvent): readonly [what: string, text: string] | undefined => {
  const { type, correlationId: chain, dueAt, time, reason, errorCode, errorMessage } = event;
  const waitMs = dueAt === null ? 0 : Math.max(0, dueAt - time);
  switch (type) {
    case 'job.dispatched':
      return ['dispatched', chain];
    case 'job.deferred':
      return ['waits', `${chain}: ${WAITS[reason ?? ''] ?? reason}, ${waitMs} ms`];
    case 'job.retried':
      return [
        'failed',
        `${chain}: ${errorCode}; again in ${waitMs} ms (attempt ${event.attempt} of ${event.maxAttempts})`,
      ];
    case 'job.completed':
      return ['completed', `${chain} ${attemptOf(event)}`];
    case 'job.skipped':
      return ['skipped', `${chain}: ${SKIPS[reason ?? ''] ?? reason}`];
    case 'job.suspended':
      return ['suspended', `no more starts until ${reason} is there again`];
    case 'job.resumed':
      return ['resumed', `${reason} is there again`];
    case 'job.sent_to_dlq':
      return ['DEAD', `${chain}: ${reason}; ${errorMessage}`];
    default:
      return undefined;
  }
};

/** A narrator that writes to `print`; times are those of the telling. */
export const createNarrator = (print: (line: string) => void): Narrator => {
  let startMs = Date.now();
  const elapsedMs = (): number => Date.now() - startMs;
  const line = (what: string, type: string, tenant: string, text: string): void => {
    const seconds = (elapsedMs() / 1_000).toFixed(3).padStart(WIDTH.time);
    const columns = [what.padEnd(WIDTH.what), type.padEnd(WIDTH.type), tenant.padEnd(WIDTH.tenant)];
    print(`${seconds}  ${columns.join('  ')}  ${short(text)}`);
  };
  return {
    begin: () => {
      startMs = Date.now();
    },
    elapsedMs,
    say: (what, { type = '', tenant = '', text }) => line(what, type, tenant, text),
    job: (event) => {
      const told = lineOf(event);
      if (told !== undefined) line(told[0], event.jobType, event.tenantId, told[1]);
    },
  };
};
