import { parseUp } from './command-line.ts';
import type { ServiceProcess, Stack } from './handle.ts';
import { forgetStack, writeStack } from './run-file.ts';
import { startFirstWay } from './ways.ts';

/** What the supervisor says to the `up` that started it. */
export type SupervisorWord =
  | { kind: 'progress'; line: string }
  | { kind: 'ready' }
  | { kind: 'failed'; reason: string };

/** Starts the stack, writes it down and holds it until SIGTERM or SIGINT; resolves when it is stopped. */
export async function supervise(args: readonly string[], say: (word: SupervisorWord) => void): Promise<void> {
  const asked = new Promise<void>((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
  const alive = setInterval(() => undefined, 60_000); // the services do not keep this process alive by themselves
  try {
    const stack = await startFirstWay(parseUp(args).options, (line) => say({ kind: 'progress', line }));
    try {
      writeStack({ way: stack.way, env: stack.env, pids: pidsOf(stack) });
      say({ kind: 'ready' });
      await asked;
    } finally {
      await stack.stop();
      forgetStack();
    }
  } finally {
    clearInterval(alive);
  }
}

function pidsOf({ brokers, redis, registry }: Stack): Record<string, number> {
  const all: ServiceProcess[] = [...brokers, ...redis, ...(registry ? [registry] : [])];
  return Object.fromEntries(all.filter(({ pid }) => pid > 0).map(({ name, pid }) => [name, pid]));
}
