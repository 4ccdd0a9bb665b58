import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';
import type { Progress, Stack, StackOptions } from './handle.ts';
import { type InstalledJava, installedJava, OLDEST_JAVA } from './java.ts';
import { clusterOf, type KafkaRuntime, kafkaBrokers } from './kafka.ts';
import { kafkaRuntime } from './kafka-runtime.ts';
import { cacheDirOf, isComplete, mavenCache, mavenRuns } from './maven-cache.ts';
import { Obstacle } from './obstacle.ts';
import { kafkaAnswers } from './readiness.ts';
import { redisBinary, redisServer } from './redis.ts';
import { type RegistryRuntime, registryRuntime, schemaRegistry } from './registry.ts';
import { STACK_DIR } from './stack-dir.ts';
import { environmentOf, servicesOf } from './stack-env.ts';
import { waitUntil } from './wait-until.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

const QUORUM_TIMEOUT_MS = 60_000;

type Services = Pick<Stack, 'brokers' | 'redis' | 'registry'>;

interface Runtimes {
  kafka: KafkaRuntime;
  registry: RegistryRuntime | undefined;
  redis: string;
}

/** Starts the services as processes of this machine. Throws an `Obstacle` when Java or Maven is missing. */
export async function startOnJava(options: StackOptions, tell: Progress): Promise<Stack> {
  const runtimes = await runtimesFor(options, await usableJava(), tell);
  const temporary = options.dir === undefined ? await mkdtemp(join(tmpdir(), 'esteira-stack-')) : undefined;
  const dir = options.dir ?? temporary ?? '';
  await mkdir(dir, { recursive: true });
  const watchdog = startWatchdog(temporary === undefined ? {} : { removeDir: temporary });
  try {
    const services = await prepare(options, runtimes, dir, watchdog);
    await startAll(services);
    return stackOf(services, watchdog);
  } catch (error) {
    await watchdog.release();
    throw error;
  }
}

async function usableJava(): Promise<InstalledJava> {
  const java = await installedJava();
  if (java === undefined) throw new Obstacle('no Java found');
  if (java.major < OLDEST_JAVA)
    throw new Obstacle(`Java ${java.full} is too old; ${OLDEST_JAVA} or newer is needed`);
  const fetched = isComplete(await cacheDirOf(STACK_DIR));
  if (!fetched && !(await mavenRuns())) {
    throw new Obstacle('Java is there, but no Maven (`mvn`) to fetch the services with');
  }
  return java;
}

async function runtimesFor(options: StackOptions, java: InstalledJava, tell: Progress): Promise<Runtimes> {
  const cache = await mavenCache(STACK_DIR, tell);
  const redis = await redisBinary(cache.redisDir);
  if (redis === undefined) throw new Obstacle('no Redis server runs here: install `redis-server`');
  const kafka = await kafkaRuntime(cache, java, options.fullJit ?? false, tell);
  const registry = options.registry === false ? undefined : await registryRuntime(cache, java, tell);
  return { kafka, registry, redis };
}

async function prepare(
  { brokers = 1, redis = 1 }: StackOptions,
  runtimes: Runtimes,
  dir: string,
  watchdog: Watchdog,
): Promise<Services> {
  const ports = await freePorts(2 * brokers + redis + 1);
  const kafkaPorts = ports.splice(0, 2 * brokers);
  const [registryPort = 0, ...redisPorts] = ports;
  const services = {
    brokers: await kafkaBrokers(runtimes.kafka, clusterOf(kafkaPorts, dir), dir, watchdog),
    redis: await Promise.all(
      redisPorts.map((port, index) => redisServer(runtimes.redis, `redis-${index + 1}`, port, dir, watchdog)),
    ),
  };
  if (runtimes.registry === undefined) return services;
  return { ...services, registry: schemaRegistry(runtimes.registry, registryPort, dir, watchdog) };
}

/** All at once: three nodes wait for each other, and together they take as long as the slowest. */
async function startAll(services: Services): Promise<void> {
  await Promise.all(servicesOf(services).map((service) => service.start()));
  const nodeIds = services.brokers.map((broker) => broker.nodeId);
  for (const { name, port } of services.brokers) {
    await waitUntil(() => kafkaAnswers(port, nodeIds), `${name} does not see all brokers`, QUORUM_TIMEOUT_MS);
  }
}

function stackOf(services: Services, watchdog: Watchdog): Stack {
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    await Promise.all(servicesOf(services).map((service) => service.kill()));
    await watchdog.release();
  };
  return {
    way: 'java',
    env: environmentOf(services),
    ...services,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}
