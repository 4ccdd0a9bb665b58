import type { ServiceProcess, Stack } from './handle.ts';

type Services = Pick<Stack, 'brokers' | 'redis' | 'registry'>;

/** The variables that lead Esteira to these services. */
export function environmentOf({ brokers, redis, registry }: Services): Record<string, string> {
  const env: Record<string, string> = {
    KAFKA_BROKERS: brokers.map(({ host, port }) => `${host}:${port}`).join(','),
  };
  if (registry) env['SCHEMA_REGISTRY_URL'] = registry.url;
  redis.forEach(({ host, port }, index) => {
    env[index === 0 ? 'REDIS_URL' : `REDIS_URL_${index + 1}`] = `redis://${host}:${port}`;
  });
  return env;
}

/** All services in one list. */
export function servicesOf({ brokers, redis, registry }: Services): ServiceProcess[] {
  return [...brokers, ...redis, ...(registry ? [registry] : [])];
}
