import { createKafkaBroker } from '../broker/kafka/index.ts';
import type { KafkaBackendConfig } from '../config/index.ts';
import type { AppDefinition } from '../core/app.ts';
import type { Log } from '../core/ports/log.ts';
import { createConfluentSource } from '../serde/confluent-source.ts';
import { createSerde } from '../serde/serde.ts';
import { createRedisStateStore } from '../state/redis/redis-state-store.ts';
import type { Backend } from './backend.ts';

/** Kafka, a schema registry and Redis. Connections are made when first used. */
export const openKafkaBackend = (app: AppDefinition, config: KafkaBackendConfig, log: Log): Backend => {
  const { kafka, registry, redis } = config;
  const broker = createKafkaBroker(
    {
      brokers: kafka.brokers,
      clientId: config.serviceName ?? app.name,
      ...(kafka.ssl === undefined ? {} : { ssl: kafka.ssl }),
      ...(kafka.sasl === undefined ? {} : { sasl: kafka.sasl }),
    },
    log,
  );
  const state = createRedisStateStore({ url: redis.url, namespace: app.name }, log);
  return {
    broker,
    state,
    serde: createSerde({
      log,
      source: createConfluentSource({
        url: registry.url,
        ...(registry.username === undefined ? {} : { user: registry.username }),
        ...(registry.password === undefined ? {} : { password: registry.password }),
      }),
    }),
    close: async () => {
      await broker.close();
      await state.close();
    },
  };
};
