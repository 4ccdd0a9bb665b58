import { createKafkaDiagnosis } from '../../broker/kafka/diagnosis.ts';
import type { KafkaBackendConfig } from '../../config/index.ts';
import type { AppDefinition } from '../../core/app.ts';
import type { Log } from '../../core/ports/log.ts';
import { RegistryClient } from '../../serde/registry-client.ts';
import { createRedisDiagnosis } from '../../state/redis/diagnosis.ts';
import type { DoctorParts } from './parts.ts';

/** What a diagnosis asks the real services through; connections are made when first used. */
export const openServiceLooks = (
  app: AppDefinition,
  config: KafkaBackendConfig,
  log: Log,
): Pick<DoctorParts, 'broker' | 'state' | 'registry'> => {
  const { kafka, registry, redis } = config;
  return {
    broker: createKafkaDiagnosis(
      {
        brokers: kafka.brokers,
        clientId: config.serviceName ?? app.name,
        ...(kafka.ssl === undefined ? {} : { ssl: kafka.ssl }),
        ...(kafka.sasl === undefined ? {} : { sasl: kafka.sasl }),
      },
      log,
    ),
    state: createRedisDiagnosis({ url: redis.url, namespace: app.name }, log),
    registry: new RegistryClient({
      url: registry.url,
      ...(registry.username === undefined ? {} : { user: registry.username }),
      ...(registry.password === undefined ? {} : { password: registry.password }),
    }),
  };
};
