import type { Stack, StackOptions } from './handle.ts';
import { startFirstWay } from './ways.ts';

export type {
  BrokerProcess,
  RedisProcess,
  RegistryProcess,
  ServiceProcess,
  Stack,
  StackOptions,
  StackWay,
} from './handle.ts';

/** Starts the local services by the first way that works, and waits until each answers its own protocol. */
export function startStack(options: StackOptions = {}): Promise<Stack> {
  const tell = options.quiet ? () => undefined : (line: string) => void console.error(`stack: ${line}`);
  return startFirstWay(options, tell);
}
