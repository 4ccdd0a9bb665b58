import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from 'node:worker_threads';
import { type Context as TraceContext, context as traceContext } from '@opentelemetry/api';
import type { Clock } from '../../core/clock.ts';
import { errorFacts, readProperty } from '../../core/error-facts.ts';
import { EsteiraError } from '../../core/errors.ts';
import type { JobContext } from '../../core/job.ts';
import type { LeveledLog } from '../../core/ports/log.ts';
import type { FromThread, ThreadApp, ToThread } from './messages.ts';
import { openThread } from './open-thread.ts';
import { packError, unpackError } from './packed-error.ts';
import type { SaidInThread } from './report-forwarder.ts';
import { sentContext, sentTelling } from './sent-context.ts';

export interface JobThreadOptions {
  readonly jobType: string;
  /** URL of the module whose default export is the app. */
  readonly appModule: string;
  /** Most heap of the thread, MiB; default what Node gives. */
  readonly memoryMb?: number;
  readonly clock: Clock;
  readonly log: LeveledLog;
}

/** How long a handler may take to end after its signal, before its thread is ended, ms. */
const HARD_STOP_AFTER_MS = 500;

/** How long the module of an app may take to load, ms. */
const LOAD_WITHIN_MS = 30_000;
const LATE = new EsteiraError(
  'ESTEIRA_DEFINITION_INVALID',
  `it has not been loaded after ${LOAD_WITHIN_MS} ms: does it wait for something at its top level?`,
);

interface Running {
  readonly context: JobContext;
  /** Its span, which what comes from the thread is not heard in. */
  readonly trace: TraceContext;
  readonly end: (error?: { readonly thrown: unknown }) => void;
}

/** A promise with its handles outside. */
const latch = <T = void>() => {
  let open: (value: T) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const opened = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { opened, open, fail };
};

/** A thread that runs the handlers of one isolated job type, one at a time. */
export class JobThread {
  readonly #options: JobThreadOptions;
  readonly #port: MessagePort;
  readonly #worker: Worker;
  #running: Running | undefined;
  #usable = true;
  #stopped = false;
  #exitCode = 0;
  /** Why it ended, or cannot be used; undefined while nothing is known. */
  #cause: unknown;
  /** What it found in its module. @throws EsteiraError ESTEIRA_THREAD_DIED */
  readonly app: Promise<ThreadApp>;
  readonly #exited: Promise<void>;

  constructor(options: JobThreadOptions) {
    const { port1, port2 } = new MessageChannel();
    this.#options = options;
    this.#port = port1;
    this.#worker = openThread(options.appModule, port2, options.memoryMb);
    this.#worker.on('error', (error) => {
      this.#cause ??= error;
    });
    const app = latch<ThreadApp>();
    const exited = latch();
    this.app = app.opened;
    this.#exited = exited.opened;
    const cancelLate = options.clock.after(LOAD_WITHIN_MS, () => this.#giveUp(LATE));
    this.app.finally(cancelLate).catch(() => undefined); // told to the run that waits for it
    port1.on('message', (message: FromThread) => this.#take(message, app.open));
    this.#worker.once('exit', (code) => {
      this.#exitCode = code;
      this.#ended(app.open);
      app.fail(this.#died());
      exited.open();
    });
    port1.unref();
  }

  /** Whether it can be given another job. */
  get usable(): boolean {
    return this.#usable;
  }

  /**
   * Runs the handler in the thread; the context's signal and progress work across. One that does not end after its
   * signal is ended with its thread; what this returns is settled only when nothing of it runs any more.
   *
   * @throws what the handler throws, EsteiraError ESTEIRA_THREAD_DIED, ESTEIRA_DEFINITION_INVALID for a payload that
   *   cannot be sent.
   */
  async run(payload: unknown, context: JobContext): Promise<void> {
    const { signal } = context;
    await this.#loaded(signal);
    const telling = sentTelling(this.#options.log);
    this.#send({ kind: 'run', payload, context: sentContext(context), telling });
    let cancel = (): void => undefined;
    const stop = (): void => {
      this.#send({ kind: 'abort', reason: packError(signal.reason) });
      cancel = this.#options.clock.after(HARD_STOP_AFTER_MS, () => void this.terminate());
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    try {
      await this.#end(context);
    } finally {
      cancel();
      signal.removeEventListener('abort', stop);
    }
  }

  /** Whether the process stays for its sake: while it loads or runs, not while it waits. */
  keepProcess(stay: boolean): void {
    if (stay) this.#worker.ref();
    else this.#worker.unref();
  }

  /** Ends the thread, whatever it does; resolves when it is gone. */
  async terminate(): Promise<void> {
    this.#usable = false;
    this.#stopped = true;
    await this.#worker.terminate();
    await this.#exited;
  }

  /** A job whose time is over before the thread has loaded its app has not begun; the thread is there for the next. */
  async #loaded(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const aborted = latch();
    const stop = (): void => aborted.fail(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    try {
      await Promise.race([this.app, aborted.opened]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
    if (!this.#usable) throw this.#died();
  }

  #end(context: JobContext): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (error?: { readonly thrown: unknown }): void => {
        this.#running = undefined;
        if (error === undefined) resolve();
        else reject(error.thrown);
      };
      this.#running = { context, end, trace: traceContext.active() };
    });
  }

  #giveUp(cause: unknown): void {
    this.#cause ??= cause;
    void this.terminate();
  }

  #send(message: ToThread): void {
    try {
      this.#port.postMessage(message);
    } catch (cause) {
      throw new EsteiraError(
        'ESTEIRA_DEFINITION_INVALID',
        `job ${this.#options.jobType}: its payload cannot be sent to a thread: let \`map\`, or the check, make it of plain data (no functions, promises or class instances that hold them), or take \`isolate\` away`,
        { facts: { jobType: this.#options.jobType }, cause },
      );
    }
  }

  #take(message: FromThread, ready: (app: ThreadApp) => void): void {
    switch (message.kind) {
      case 'ready':
        ready(message.app);
        return;
      case 'unusable':
        this.#giveUp(unpackError(message.error));
        return;
      case 'progress':
        void this.#running?.context.progress(message.facts);
        return;
      case 'report':
        this.#passOn(message.said);
        return;
      case 'log':
        this.#log(message);
        return;
      case 'returned':
        this.#running?.end();
        return;
      case 'threw':
        this.#running?.end({ thrown: unpackError(message.error) });
    }
  }

  /** The thread has checked it; one whose app says something else is of no use. */
  #passOn({ facts, quantities }: SaidInThread): void {
    const context = this.#running?.context;
    if (context === undefined) return;
    try {
      context.report(facts);
      for (const [kind, quantity] of Object.entries(quantities)) context.addCost(kind, quantity);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** What a handler says after its run has ended would stand under the name of the next. */
  #log({ run, level, line }: FromThread & { kind: 'log' }): void {
    if (this.#running?.context.executionId !== run) return;
    const { context, trace } = this.#running;
    traceContext.with(trace, () => context.log[level](line.message, line.facts));
  }

  #ended(ready: (app: ThreadApp) => void): void {
    this.#usable = false;
    // What it said last may not have been heard yet.
    for (let last = receiveMessageOnPort(this.#port); last !== undefined; ) {
      this.#take(last.message, ready);
      last = receiveMessageOnPort(this.#port);
    }
    this.#port.close();
    const died = this.#died();
    if (this.#running !== undefined) this.#running.end({ thrown: died });
    else if (!this.#stopped) this.#tellLost(died);
  }

  /** No attempt fails of what an earlier handler left behind, so no telemetry tells it. */
  #tellLost({ message, facts, cause }: EsteiraError): void {
    const { className, code } = errorFacts(cause);
    const what = cause === undefined ? {} : { error: code ?? className };
    this.#options.log.warn('a thread ended while it had nothing to do', {
      ...facts,
      ...what,
      detail: message,
    });
  }

  #died(): EsteiraError {
    const exitCode = this.#exitCode;
    const { jobType, memoryMb } = this.#options;
    const memory = readProperty(this.#cause, 'code') === 'ERR_WORKER_OUT_OF_MEMORY';
    const why = memory
      ? `it ran out of memory${memoryMb === undefined ? '' : ` (isolate.memoryMb is ${memoryMb})`}`
      : this.#cause === undefined
        ? `it ended with code ${exitCode} before the handler did, as process.exit makes it`
        : 'something was thrown in it that nobody caught, or its app could not be loaded';
    return new EsteiraError('ESTEIRA_THREAD_DIED', `job ${jobType}: its thread is gone: ${why}`, {
      facts: { jobType, exitCode, outOfMemory: memory },
      cause: this.#cause,
    });
  }
}
