import { expect } from 'vitest';
import { systemContext } from '../../src/cli/context.ts';
import { runCli } from '../../src/cli/program.ts';
import type { Environment } from '../../src/config/index.ts';
import { documentedJson } from './documented-json.ts';
import { ROOT } from './source-files.ts';

/** What a command came to. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Commands as an operator types them, in this process, with the environment given. */
export const operatorOf = (environment: Environment) => {
  const esteira = async (...args: readonly string[]): Promise<Ran> => {
    const out: string[] = [];
    const err: string[] = [];
    const context = systemContext();
    const terminal = { out: (text: string) => out.push(text), err: (text: string) => err.push(text) };
    const code = await runCli(args, {
      ...context,
      terminal: { ...context.terminal, ...terminal, cwd: ROOT, environment },
    });
    return { code, out: out.join('\n'), err: err.join('\n') };
  };
  /** What it says to programs; it must not have failed. */
  const json = async (...args: readonly string[]) => {
    const ran = await esteira(...args, '--json');
    expect({ args, code: ran.code, err: ran.err }).toEqual({ args, code: 0, err: '' });
    return documentedJson(args, ran.out);
  };
  return { esteira, json };
};
