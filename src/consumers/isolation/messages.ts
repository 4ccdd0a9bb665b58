import type { MessagePort } from 'node:worker_threads';
import type { ProgressFacts } from '../../core/progress.ts';
import type { PackedError } from './packed-error.ts';
import type { SentContext } from './sent-context.ts';

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
  | { readonly kind: 'run'; readonly payload: unknown; readonly context: SentContext }
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
  | { readonly kind: 'returned' }
  | { readonly kind: 'threw'; readonly error: PackedError };
