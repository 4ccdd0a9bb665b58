import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { NODE_FLAGS } from './harness/child.ts';
import { ROOT } from './harness/compiled.ts';

/** What a result was measured on. */
export interface MachineDescription {
  readonly date: string;
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGib: number;
  readonly system: string;
  readonly node: string;
  /** Of the stack's pom.xml; unknown where the services are the environment's own. */
  readonly kafka: string;
  readonly redis: string;
  readonly redisPersistence: string;
  readonly kafkajs: string;
  readonly bullmq: string;
}

const versionOf = (name: string): string => {
  const text = readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
};

const kafkaOfStack = (): string =>
  /<kafka\.version>([^<]+)</.exec(readFileSync(join(ROOT, 'stack/pom.xml'), 'utf8'))?.[1] ?? 'unknown';

const redisFacts = async (url: string): Promise<{ redis: string; redisPersistence: string }> => {
  const redis = new Redis(url);
  try {
    const info = await redis.info();
    const field = (name: string): string =>
      new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? 'unknown';
    const appendOnly = field('aof_enabled') === '1' ? 'append-only file' : 'no append-only file';
    return { redis: field('redis_version'), redisPersistence: appendOnly };
  } finally {
    redis.disconnect();
  }
};

const GIB = 1_073_741_824;

/** Describes this machine and the services; `ownStack` says whether the broker is one of `npm run stack`. */
export const describeMachine = async (
  env: Readonly<Record<string, string>>,
  ownStack: boolean,
): Promise<MachineDescription> => ({
  date: new Date().toISOString(),
  cores: cpus().length,
  cpu: cpus()[0]?.model ?? 'unknown',
  memoryGib: Math.round(totalmem() / GIB),
  system: `${process.platform} ${process.arch}`,
  node: [process.version, ...NODE_FLAGS].join(' '),
  kafka: ownStack ? kafkaOfStack() : 'unknown',
  ...(await redisFacts(env['REDIS_URL'] ?? '')),
  kafkajs: versionOf('kafkajs'),
  bullmq: versionOf('bullmq'),
});

/** The description in one line, for people. */
export const machineLine = (machine: MachineDescription): string =>
  `${machine.cores} cores (${machine.cpu}), ${machine.memoryGib} GiB, ${machine.system}, Node ${machine.node}, ` +
  `Kafka ${machine.kafka}, Redis ${machine.redis} (${machine.redisPersistence}), kafkajs ${machine.kafkajs}, ` +
  `BullMQ ${machine.bullmq}`;
