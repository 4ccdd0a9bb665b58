import type { MessagePort } from 'node:worker_threads';
import type { PlainLine } from '../../core/log-facts.ts';
import type { Log } from '../../core/ports/log.ts';
import type { ProgressFacts } from '../../core/progress.ts';
import type { PackedError } from './packed-error.ts';
import type { SaidInThread } from './report-forwarder.ts';
import type { SentContext, SentTelling } from './sent-context.ts';

/** What a thread is given when it is made. */
export interface ThreadData {
  /** Marks the threads of isolated jobs, in which no app may be started. */
  readonly esteiraJobThread: true;
  /** A channel of their own: handlers may use the thread's parent port as they like. */
  readonly port: MessagePort;
  /** URL of the module whose default export is the app. */
  readonly appModule: string;
  /** URL of the program of the thread. */
  readonly program: string;
  /** URL of what must be loaded before TypeScript can be; undefined where nothing must. */
  readonly loader: string | undefined;
}

/** To a thread: it runs one job at a time. */
export type ToThread =
  | {
      readonly kind: 'run';
      readonly payload: unknown;
      readonly context: SentContext;
      readonly telling: SentTelling;
    }
  | { readonly kind: 'abort'; readonly reason: PackedError };

/** What a thread found in its module. */
export interface ThreadApp {
  readonly name: string;
  /** Job types with `isolate`. */
  readonly isolated: readonly string[];
}

/** From a thread. */
export type FromThread =
  | { readonly kind: 'ready'; readonly app: ThreadApp }
  | { readonly kind: 'unusable'; readonly error: PackedError }
  | { readonly kind: 'progress'; readonly facts: ProgressFacts }
  /** A line of the handler of a run; `run` is its execution id. */
  | { readonly kind: 'log'; readonly run: string; readonly level: keyof Log; readonly line: PlainLine }
  | { readonly kind: 'report'; readonly said: SaidInThread }
  | { readonly kind: 'returned' }
  | { readonly kind: 'threw'; readonly error: PackedError };
