import type { JobEvent } from '../core/generated/job-event.ts';
import type { Log } from '../core/ports/log.ts';

/** Listens to the job events of this process; what it throws hurts nobody else. */
export type JobEventObserver = (event: JobEvent) => void;

/**
 * One observer that tells many, in order. One that throws, or whose promise rejects, is logged the first time and
 * still told of the next events.
 */
export const fanOut = (observers: readonly JobEventObserver[], log: Log): JobEventObserver => {
  const reported = new Set<number>();
  const report = (index: number, error: unknown): void => {
    if (reported.has(index)) return;
    reported.add(index);
    log.error('telemetry.observer_failed', {
      observer: observers[index]?.name || `#${index}`,
      error: error instanceof Error ? error.message : String(error),
    });
  };
  const tell = (observer: JobEventObserver, index: number, event: JobEvent): void => {
    try {
      // An async function passes for one that returns nothing; its rejection would end the process.
      const returned: unknown = observer(event);
      if (returned instanceof Promise) returned.catch((error: unknown) => report(index, error));
    } catch (error) {
      report(index, error);
    }
  };
  return (event) => {
    for (let index = 0; index < observers.length; index++) {
      const observer = observers[index];
      if (observer !== undefined) tell(observer, index, event);
    }
  };
};
