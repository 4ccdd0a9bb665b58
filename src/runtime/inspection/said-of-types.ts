import { isEsteiraError } from '../../core/errors.ts';
import type { ReportStore } from '../../core/ports/process-reports.ts';
import { type JobTypeAccount, readReport, type StoppedStarts } from '../../core/process-report.ts';

/** Starts of a job type that processes have stopped by themselves. */
export interface StoppedReport {
  /** `dependency`: it is down, and one job tries now and then; `problem`: of the process itself. */
  readonly kind: StoppedStarts['kind'];
  /** The dependency, or the problem. */
  readonly what: string;
  /** The tenant it holds for; null when it holds for the whole job type. */
  readonly tenant: string | null;
  /** Since when in the process that stopped first, ISO 8601. */
  readonly since: string;
  /** When the next job may try, ISO 8601; null where none does. */
  readonly nextTry: string | null;
  /** Processes that have stopped. */
  readonly processes: number;
}

/** What the processes that run a job type say of it. */
export interface SaidOfType {
  /** Handlers that run; null where no process says anything. */
  readonly running: number | null;
  /** Processes that say something. */
  readonly reporting: number;
  /** What stopped first comes first. */
  readonly stopped: readonly StoppedReport[];
}

const iso = (ms: number): string => new Date(ms).toISOString();

const soonest = (times: readonly (number | undefined)[]): number | undefined => {
  const known = times.filter((one) => one !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
};

const mergedStop = (all: readonly StoppedStarts[], first: StoppedStarts): StoppedReport => {
  const { kind, what, tenant = null } = first;
  const nextTryMs = soonest(all.map((one) => one.nextTryMs));
  return {
    ...{ kind, what, tenant, processes: all.length },
    since: iso(Math.min(...all.map(({ sinceMs }) => sinceMs))),
    nextTry: nextTryMs === undefined ? null : iso(nextTryMs),
  };
};

const stoppedOf = (accounts: readonly JobTypeAccount[]): readonly StoppedReport[] => {
  const alike = new Map<string, StoppedStarts[]>();
  for (const one of accounts.flatMap(({ stopped }) => stopped)) {
    const name = JSON.stringify([one.kind, one.what, one.tenant]);
    alike.set(name, [...(alike.get(name) ?? []), one]);
  }
  return [...alike.values()]
    .flatMap((all) => (all[0] === undefined ? [] : [mergedStop(all, all[0])]))
    .sort((a, b) => (a.since < b.since ? -1 : 1));
};

/** What the processes of an app say of their job types. */
export interface Said {
  of(jobType: string): SaidOfType;
  /** Why it could not be read; empty when it was. */
  readonly gaps: readonly string[];
}

const saidIn = (texts: readonly string[], gaps: readonly string[]): Said => {
  const accounts = texts.flatMap((text) => readReport(text) ?? []);
  return {
    gaps,
    of: (jobType) => {
      const own = accounts.filter((one) => one.jobType === jobType);
      return {
        running: own.length === 0 ? null : own.reduce((sum, { running }) => sum + running, 0),
        ...{ reporting: own.length, stopped: stoppedOf(own) },
      };
    },
  };
};

/** Reads it. What another version says in its own way counts as silence, and so does a store that is out of reach. */
export const readSaid = async (store: ReportStore): Promise<Said> => {
  try {
    return saidIn(await store.reports(), []);
  } catch (error) {
    if (!isEsteiraError(error, 'ESTEIRA_STATE_UNAVAILABLE')) throw error;
    return saidIn([], [`what runs, and what is stopped, is not known: ${error.message}`]);
  }
};
