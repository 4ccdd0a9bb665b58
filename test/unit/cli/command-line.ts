import { fileURLToPath } from 'node:url';
import { createMemoryBroker, MemoryCluster } from '../../../src/broker/memory/index.ts';
import type { CommandContext } from '../../../src/cli/context.ts';
import { runCli } from '../../../src/cli/program.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { contractsOf } from '../../../src/runtime/backend.ts';
import { start } from '../../../src/runtime/start.ts';
import { createMemorySource } from '../../../src/serde/memory-source.ts';
import { createSerde } from '../../../src/serde/serde.ts';
import { createMemoryStateStore } from '../../../src/state/memory/memory-state-store.ts';

export const folder = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** What one command printed and how it ended. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A command line over services in memory that all its commands share. */
export const makeCommandLine = (
  options: { cwd?: string; columns?: number; input?: string; stop?: Promise<void> } = {},
) => {
  const cluster = new MemoryCluster();
  const open = (contracts: Parameters<typeof createMemorySource>[0] = []) => {
    const broker = createMemoryBroker({ cluster });
    return {
      broker,
      serde: createSerde({ source: createMemorySource(contracts) }),
      state: createMemoryStateStore({ clock: systemClock }),
      close: () => broker.close(),
    };
  };

  const run = async (args: readonly string[], environment: Record<string, string> = {}): Promise<Ran> => {
    const out: string[] = [];
    const err: string[] = [];
    const context: CommandContext = {
      terminal: {
        out: (text) => out.push(text),
        err: (text) => err.push(text),
        columns: options.columns,
        hasColours: false,
        cwd: options.cwd ?? folder('./shop'),
        environment,
        readInput: async () => options.input ?? '',
      },
      openBackend: async (app) => open(contractsOf(app)),
      start,
      listenForStop: () => ({ asked: options.stop ?? Promise.resolve(), ignore: () => undefined }),
      sharesBackend: environment['ALONE'] === undefined,
    };
    const code = await runCli(args, context);
    return { code, out: out.join('\n'), err: err.join('\n') };
  };

  return { run, open, cluster };
};
