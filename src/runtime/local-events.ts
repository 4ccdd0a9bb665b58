import type { JobEvent } from '../core/generated/job-event.ts';
import type { JobEventType } from '../core/job-event.ts';
import type { Log } from '../core/ports/log.ts';

/** What can be listened to in the process where it happens, and the telemetry event it is. */
const TYPES = {
  dispatched: 'job.dispatched',
  started: 'job.started',
  progress: 'job.progress',
  completed: 'job.completed',
  failed: 'job.failed',
  retried: 'job.retried',
  deferred: 'job.deferred',
  skipped: 'job.skipped',
  dead: 'job.sent_to_dlq',
  suspended: 'job.suspended',
  resumed: 'job.resumed',
} as const satisfies Record<string, JobEventType>;

export type LocalEventName = keyof typeof TYPES;

/** Told of what happens in this process, at once; what it throws hurts nobody. */
export type LocalListener = (event: JobEvent) => void;

/** The listeners of one process. For other processes, and for what must not be missed, there is the telemetry topic. */
export class LocalEvents {
  readonly #log: Log;
  readonly #listeners = new Map<string, Set<LocalListener>>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Adds a listener; the returned function takes it away. */
  on(name: LocalEventName, listener: LocalListener): () => void {
    const type = TYPES[name];
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  /** Tells an event to those who listen to its kind. */
  tell(event: JobEvent): void {
    const listeners = this.#listeners.get(event.type);
    if (listeners === undefined) return;
    for (const listener of listeners) this.#call(listener, event);
  }

  #call(listener: LocalListener, event: JobEvent): void {
    const report = (error: unknown): void =>
      this.#log.error('a local listener threw', {
        type: event.type,
        error: error instanceof Error ? error.name : typeof error,
      });
    try {
      // An async function passes for one that returns nothing; its rejection would end the process.
      const returned: unknown = listener(event);
      if (returned instanceof Promise) returned.catch(report);
    } catch (error) {
      report(error);
    }
  }
}
