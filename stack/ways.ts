import { startOnDocker } from './docker-way.ts';
import { useEnvironment } from './environment-way.ts';
import type { Progress, Stack, StackOptions } from './handle.ts';
import { startOnJava } from './java-way.ts';

/** One way to services: it gives a stack or throws why not. */
export interface Way {
  title: string;
  start(options: StackOptions, tell: Progress): Promise<Stack>;
}

const WAYS: readonly Way[] = [
  { title: 'Addresses in the environment', start: useEnvironment },
  { title: 'Docker', start: startOnDocker },
  { title: 'Java and Maven', start: startOnJava },
];

const WHAT_TO_DO = `Do one of these:
  - set KAFKA_BROKERS, SCHEMA_REGISTRY_URL and REDIS_URL to services that run;
  - start Docker;
  - install Java 17 or newer and Maven (Debian: apt-get install openjdk-17-jre-headless maven).`;

/** Starts by the first way that works on this machine; when none does, one error tells all reasons and what to do. */
export async function startFirstWay(options: StackOptions, tell: Progress, ways = WAYS): Promise<Stack> {
  const reasons: string[] = [];
  const causes: unknown[] = [];
  for (const way of ways) {
    try {
      return await way.start(options, tell);
    } catch (error) {
      causes.push(error);
      reasons.push(`${way.title}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const tried = reasons.map((reason, index) => `  ${index + 1}. ${reason}`).join('\n');
  const message = `Kafka, a schema registry and Redis cannot be had on this machine. Tried:\n${tried}\n${WHAT_TO_DO}`;
  throw new AggregateError(causes, message);
}
