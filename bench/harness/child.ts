import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import type { ZodType } from 'zod';

/** A program in a process of its own, so that neither memory nor compiled code is shared with another. */
export interface Child<R> {
  /** Resolves when it says that it is ready. */
  readonly ready: Promise<void>;
  /** What it found. Rejects when it ends without an answer. */
  readonly result: Promise<R>;
  tell(word: unknown): void;
  /** SIGKILL; resolves when it is gone. `result` then rejects. */
  kill(): Promise<void>;
}

export interface ChildOptions<R> {
  /** The compiled program. */
  readonly program: string;
  /** Written to its standard input, as JSON. */
  readonly input: unknown;
  readonly result: ZodType<R>;
  readonly env: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  readonly onWord?: (word: unknown) => void;
  /** Default 10 min. */
  readonly timeoutMs?: number;
}

/** What every program runs with, whosever it is: docs/guides/tuning.md says why. */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=64'];

const running = new Set<ChildProcess>();
let cut = false;

/** Kills every program that runs, and starts none any more: what waits for one fails, and cleans up. */
export const cutOff = (): void => {
  cut = true;
  for (const child of running) child.kill('SIGKILL');
};
process.once('exit', cutOff);

const DEFAULT_TIMEOUT_MS = 600_000;

const outputOf = (child: ChildProcess): (() => string) => {
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
};

const answerOf = async <R>(child: ChildProcess, options: ChildOptions<R>): Promise<R> => {
  const output = outputOf(child);
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  running.delete(child);
  if (code !== 0) throw new Error(`${options.program} ended with ${code ?? signal}`);
  return options.result.parse(JSON.parse(output()));
};

/** Starts a program. Its standard error is ours. @throws Error after {@link cutOff}. */
export const startChild = <R>(options: ChildOptions<R>): Child<R> => {
  if (cut) throw new Error('the run was cut off');
  const child = spawn(process.execPath, [...NODE_FLAGS, ...(options.flags ?? []), options.program], {
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'inherit', 'ipc'],
  });
  running.add(child);
  const result = answerOf(child, options);
  result.catch(() => undefined); // seen by whoever waits for it; `ready` fails with it too
  let isReady: () => void = () => undefined;
  const said = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  child.on('message', (word: unknown) => {
    if (word === 'ready') isReady();
    else options.onWord?.(word);
  });
  child.stdin?.end(JSON.stringify(options.input));
  const endedEarly = result.then(() => undefined);
  return {
    ready: Promise.race([said, endedEarly]),
    result,
    tell: (word) => {
      if (child.connected) child.send(word as never);
    },
    kill: async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
};
