import type { JobContext } from '../../core/job.ts';
import { JobThread, type JobThreadOptions } from './job-thread.ts';
import type { ThreadApp } from './messages.ts';

/**
 * The threads of one isolated job type: made when wanted, used again, ended at the close. There are as many as the type
 * has jobs at once, which its `concurrency` bounds; a thread that died, or never came up, is not used again.
 */
export class ThreadPool {
  readonly #options: JobThreadOptions;
  readonly #all = new Set<JobThread>();
  readonly #idle: JobThread[] = [];

  constructor(options: JobThreadOptions) {
    this.#options = options;
  }

  /** Threads that live. */
  get size(): number {
    return [...this.#all].filter(({ usable }) => usable).length;
  }

  /** Has a thread ready, and says what it found in its module. @throws EsteiraError ESTEIRA_THREAD_DIED */
  load(): Promise<ThreadApp> {
    return this.#with((thread) => thread.app);
  }

  /** Runs the handler of a job. @throws as {@link JobThread.run} */
  run(payload: unknown, context: JobContext): Promise<void> {
    return this.#with((thread) => thread.run(payload, context));
  }

  /** Ends every thread. */
  async close(): Promise<void> {
    await Promise.all([...this.#all].map((thread) => thread.terminate()));
    this.#all.clear();
  }

  async #with<T>(work: (thread: JobThread) => Promise<T>): Promise<T> {
    const thread = this.#take();
    thread.keepProcess(true);
    try {
      return await work(thread);
    } finally {
      thread.keepProcess(false);
      if (thread.usable) this.#idle.push(thread);
      else this.#all.delete(thread);
    }
  }

  #take(): JobThread {
    for (let thread = this.#idle.pop(); thread !== undefined; thread = this.#idle.pop()) {
      if (thread.usable) return thread;
      this.#all.delete(thread);
    }
    const made = new JobThread(this.#options);
    this.#all.add(made);
    return made;
  }
}
