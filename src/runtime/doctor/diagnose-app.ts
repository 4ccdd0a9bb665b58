import type { Config, Environment, KafkaBackendConfig } from '../../config/index.ts';
import type { AppDefinition } from '../../core/app.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Backend } from '../backend.ts';
import { lookAtConfiguration } from './configuration.ts';
import { countChecks, type Diagnosis, diagnose } from './diagnose.ts';
import type { DoctorParts } from './parts.ts';

export interface DoctorOptions {
  readonly environment: Environment;
  readonly openBackend: (app: AppDefinition, config: Config, log: Log) => Promise<Backend>;
  /** What the clients log. */
  readonly log: Log;
  /** This machine's clock, epoch ms. */
  readonly nowMs: () => number;
}

/** Without SASL a user may be known by its certificate, under a name that only the broker makes. */
const principalOf = ({ kafka }: KafkaBackendConfig): { readonly principal?: string } => {
  if (kafka.sasl !== undefined) return { principal: `User:${kafka.sasl.username}` };
  return kafka.ssl?.cert === undefined ? { principal: 'User:ANONYMOUS' } : {};
};

const factsOf = (config: KafkaBackendConfig) => ({
  addresses: {
    kafka: config.kafka.brokers.join(', '),
    registry: new URL(config.registry.url).host,
    redis: config.redis.address,
  },
  production: config.production,
  ...principalOf(config),
  ...(config.kafka.replicationFactor === undefined
    ? {}
    : { replicationFactor: config.kafka.replicationFactor }),
});

/**
 * Looks at the environment of an app and, where it names services, at them; changes nothing.
 *
 * @throws EsteiraError ESTEIRA_CONFIG_INVALID when a client refuses its address; what is wrong with services is told.
 */
export const diagnoseApp = async (app: AppDefinition, options: DoctorOptions): Promise<Diagnosis> => {
  const { config, checks } = lookAtConfiguration(options.environment);
  if (config === undefined || config.backend === 'memory') return { checks, counts: countChecks(checks) };
  const { openServiceLooks } = await import('./service-looks.ts');
  const looks = openServiceLooks(app, config, options.log);
  const backend = await options.openBackend(app, config, options.log);
  const parts: DoctorParts = {
    ...{ app, admin: backend.broker.admin, nowMs: options.nowMs, ...factsOf(config) },
    ...looks,
  };
  try {
    const found = [...checks, ...(await diagnose(parts)).checks];
    return { checks: found, counts: countChecks(found) };
  } finally {
    await Promise.allSettled([looks.broker.close(), looks.state.close(), backend.close()]);
  }
};
