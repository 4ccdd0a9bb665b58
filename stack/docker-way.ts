import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from './free-ports.ts';
import { givenService } from './given-service.ts';
import type { Progress, Stack, StackOptions } from './handle.ts';
import { Obstacle } from './obstacle.ts';
import { kafkaAnswers, redisAnswers, registryAnswers } from './readiness.ts';
import { STACK_DIR } from './stack-dir.ts';
import { environmentOf } from './stack-env.ts';
import { waitUntil } from './wait-until.ts';
import { startWatchdog } from './watchdog.ts';

const run = promisify(execFile);
const COMPOSE_FILE = join(dirname(STACK_DIR), 'docker-compose.yml');
const ENGINE_TIMEOUT_MS = 5_000;
const UP_TIMEOUT_MS = 600_000;
const READY_TIMEOUT_MS = 120_000;

/** Starts the services of docker-compose.yml. Throws an `Obstacle` when no engine runs or more is asked for. */
export async function startOnDocker(options: StackOptions, tell: Progress): Promise<Stack> {
  if (options.control) throw new Obstacle('not used: services that can be killed were asked for');
  if (options.dir !== undefined)
    throw new Obstacle('not used: its data is kept in volumes, not in a directory');
  if (options.brokers === 3 || options.redis === 2)
    throw new Obstacle('docker-compose.yml has one broker and one Redis');
  const compose = [...(await composeCommand()), '-p', `esteira-stack-${process.pid}`, '-f', COMPOSE_FILE];
  const [kafkaPort = 0, registryPort = 0, redisPort = 0] = await freePorts(3);
  const services = ['kafka', 'redis', ...(options.registry === false ? [] : ['registry'])];
  const watchdog = startWatchdog({ lastCommand: [...compose, 'down', '--volumes', '--remove-orphans'] });
  tell('starting the services by Docker');
  try {
    await runAll([...compose, 'up', '--detach', ...services], {
      KAFKA_PORT: String(kafkaPort),
      SCHEMA_REGISTRY_PORT: String(registryPort),
      REDIS_PORT: String(redisPort),
    });
    const stack = containersOf(kafkaPort, redisPort, options.registry === false ? undefined : registryPort);
    await untilReady(stack);
    return { way: 'docker', env: environmentOf(stack), ...stack, stop: () => watchdog.release() };
  } catch (error) {
    await watchdog.release();
    throw error;
  }
}

type Containers = Pick<Stack, 'brokers' | 'redis' | 'registry'>;

function containersOf(kafkaPort: number, redisPort: number, registryPort: number | undefined): Containers {
  const host = '127.0.0.1';
  const both = {
    brokers: [Object.assign(givenService('kafka-1', host, kafkaPort), { nodeId: 1 })],
    redis: [givenService('redis-1', host, redisPort)],
  };
  if (registryPort === undefined) return both;
  const url = `http://${host}:${registryPort}/apis/ccompat/v7`;
  return { ...both, registry: Object.assign(givenService('registry', host, registryPort), { url }) };
}

async function untilReady({ brokers, redis, registry }: Containers): Promise<void> {
  const waits = [
    ...brokers.map(({ name, port }) =>
      waitUntil(() => kafkaAnswers(port, [1]), `${name} is silent`, READY_TIMEOUT_MS),
    ),
    ...redis.map(({ name, port }) =>
      waitUntil(() => redisAnswers(port), `${name} is silent`, READY_TIMEOUT_MS),
    ),
  ];
  if (registry)
    waits.push(waitUntil(() => registryAnswers(registry.url), 'registry is silent', READY_TIMEOUT_MS));
  await Promise.all(waits);
}

/** The compose command of a machine whose engine runs; the client alone is often there without one. */
async function composeCommand(): Promise<string[]> {
  await run('docker', ['info', '--format', '{{.ServerVersion}}'], { timeout: ENGINE_TIMEOUT_MS }).catch(
    () => {
      throw new Obstacle('no engine answers (`docker info` fails)');
    },
  );
  for (const command of [['docker', 'compose'], ['docker-compose']]) {
    const works = await runAll([...command, 'version'], {}).then(
      () => true,
      () => false,
    );
    if (works) return command;
  }
  throw new Obstacle('the engine runs, but there is neither `docker compose` nor `docker-compose`');
}

async function runAll(words: readonly string[], env: Record<string, string>): Promise<void> {
  const [command = '', ...args] = words;
  await run(command, args, { timeout: UP_TIMEOUT_MS, env: { ...process.env, ...env } });
}
