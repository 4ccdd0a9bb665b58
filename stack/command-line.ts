import { parseArgs } from 'node:util';
import type { StackOptions } from './handle.ts';

/** The choices of `npm run stack`. */
export interface UpCommand {
  options: StackOptions;
  foreground: boolean;
}

/** How `up` is used. */
export const USAGE = `Usage: npm run stack -- [--brokers 1|3] [--redis 1|2] [--no-registry] [--foreground]
Starts Kafka, a schema registry and Redis on this machine and prints the environment to use.
Stop them with: npm run stack:down`;

/** Reads the arguments of `up`. Throws an error with the reason on wrong use. */
export function parseUp(args: readonly string[]): UpCommand {
  const { values } = parseArgs({
    args: [...args],
    options: {
      brokers: { type: 'string', default: '1' },
      redis: { type: 'string', default: '1' },
      'no-registry': { type: 'boolean', default: false },
      foreground: { type: 'boolean', default: false },
    },
  });
  const options: StackOptions = {
    brokers: oneOf('--brokers', values.brokers, [1, 3]),
    redis: oneOf('--redis', values.redis, [1, 2]),
    registry: !values['no-registry'],
  };
  return { options, foreground: values.foreground };
}

/** The environment as lines for a shell. */
export function exportLines(env: Record<string, string>): string {
  return Object.entries(env)
    .map(([name, value]) => `export ${name}=${value}`)
    .join('\n');
}

function oneOf<T extends number>(flag: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => String(each) === text);
  if (found === undefined) throw new Error(`${flag} takes ${allowed.join(' or ')}, not "${text}"`);
  return found;
}
