import { givenService } from './given-service.ts';
import type { BrokerProcess, Progress, RegistryProcess, Stack, StackOptions } from './handle.ts';
import { Obstacle } from './obstacle.ts';
import { connects, kafkaAnswers, redisAnswers, registryAnswers } from './readiness.ts';

interface Address {
  host: string;
  port: number;
}

/** Uses the addresses of the environment. Throws an `Obstacle` when one is missing or does not answer. */
export async function useEnvironment(
  options: StackOptions,
  tell: Progress,
  environment = process.env,
): Promise<Stack> {
  if (options.control) throw new Obstacle('not used: services that can be killed were asked for');
  try {
    return await reach(options, environment);
  } catch (error) {
    // Whoever set an address expects it to be used: passing it over in silence would surprise.
    if (environment['KAFKA_BROKERS']) tell(`the environment's addresses are not used: ${messageOf(error)}`);
    throw error;
  }
}

async function reach(options: StackOptions, environment: NodeJS.ProcessEnv): Promise<Stack> {
  const env = givenAddresses(options, environment);
  const secured = environment['KAFKA_SSL'] === 'true' || Boolean(environment['KAFKA_SASL_USERNAME']);
  const brokers = brokersOf(env['KAFKA_BROKERS'] ?? '');
  if (brokers.length < (options.brokers ?? 1)) {
    throw new Obstacle(`KAFKA_BROKERS names ${brokers.length} brokers; ${options.brokers} were asked for`);
  }
  for (const { host, port } of brokers) {
    await mustAnswer(
      'KAFKA_BROKERS',
      `${host}:${port}`,
      secured ? connects(port, host) : kafkaAnswers(port, [], host),
    );
  }
  const redis = Object.entries(env).filter(([name]) => name.startsWith('REDIS_URL'));
  for (const [name, text] of redis) await mustAnswer(name, hostOf(text), redisAt(text));
  const url = env['SCHEMA_REGISTRY_URL'];
  if (url !== undefined) {
    const { host, port } = registryOf(url);
    const answer = environment['SCHEMA_REGISTRY_USERNAME'] ? connects(port, host) : registryAnswers(url);
    await mustAnswer('SCHEMA_REGISTRY_URL', hostOf(url), answer);
  }
  return {
    way: 'environment',
    env,
    brokers,
    redis: redis.map(([name, text]) => given(name, text, 6379)),
    ...(url === undefined ? {} : { registry: registryOf(url) }),
    stop: async () => undefined,
  };
}

/** The wanted variables out of an environment. Throws an `Obstacle` that names those that are missing. */
export function givenAddresses(
  options: StackOptions,
  environment: NodeJS.ProcessEnv,
): Record<string, string> {
  const wanted = ['KAFKA_BROKERS', 'REDIS_URL'];
  if (options.registry !== false) wanted.push('SCHEMA_REGISTRY_URL');
  if (options.redis === 2) wanted.push('REDIS_URL_2');
  const missing = wanted.filter((name) => !environment[name]);
  if (missing.length > 0) throw new Obstacle(`not set: ${missing.join(', ')}`);
  return Object.fromEntries(wanted.map((name) => [name, environment[name] ?? '']));
}

async function mustAnswer(name: string, address: string, answer: Promise<boolean>): Promise<void> {
  if (await answer.catch(() => false)) return;
  throw new Obstacle(`${name} is set, but ${address} does not answer`);
}

function brokersOf(list: string): BrokerProcess[] {
  const addresses = list.split(',').filter(Boolean).map(parseAddress);
  return addresses.map(({ host, port }, index) =>
    Object.assign(givenService(`kafka-${index + 1}`, host, port), { nodeId: index + 1 }),
  );
}

function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(':');
  return colon < 0
    ? { host: text.trim(), port: 9092 }
    : { host: text.slice(0, colon).trim(), port: Number(text.slice(colon + 1)) };
}

/** A Redis behind TLS or a password is only dialled. */
function redisAt(text: string): Promise<boolean> {
  const { protocol, hostname, port, password } = new URL(text);
  const number = Number(port || 6379);
  return protocol === 'redis:' && !password ? redisAnswers(number, hostname) : connects(number, hostname);
}

function registryOf(url: string): RegistryProcess {
  return Object.assign(given('registry', url, url.startsWith('https') ? 443 : 80), { url });
}

function given(name: string, url: string, defaultPort: number) {
  const { hostname, port } = new URL(url);
  return givenService(name, hostname, Number(port || defaultPort));
}

/** Host and port without the password that a URL may hold. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'it';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
