import { type Config, type Environment, loadConfig } from '../../config/index.ts';
import { isEsteiraError } from '../../core/errors.ts';
import { type Check, checksOf } from './check.ts';

const { ok, warning, problem } = checksOf('configuration');

/** The configuration, or none, and what is to be said about it. */
export interface ConfigurationLook {
  readonly config?: Config;
  readonly checks: readonly Check[];
}

const REFERENCE = 'correct the environment: docs/reference/configuration.md lists all variables';

/** The problems of an environment, each with the variable's name where the sentence begins with one. */
const problemOf = (sentence: string): Check => {
  const [, name] = /^([A-Z][A-Z0-9_]+)\b/.exec(sentence) ?? [];
  const rest = name === undefined ? sentence : sentence.slice(name.length).replace(/^(:| is)?\s*/, '');
  return problem(name ?? 'environment', rest, REFERENCE);
};

const unusable = (error: unknown): readonly Check[] => {
  if (isEsteiraError(error, 'ESTEIRA_MEMORY_BACKEND_IN_PRODUCTION'))
    return [
      problem(
        'backend',
        'memory in production: everything is forgotten when the process ends',
        'set KAFKA_BROKERS, SCHEMA_REGISTRY_URL and REDIS_URL',
      ),
    ];
  if (!isEsteiraError(error, 'ESTEIRA_CONFIG_INVALID')) throw error;
  const { problems } = error.facts;
  return Array.isArray(problems)
    ? problems.map((one) => problemOf(String(one)))
    : [problem('environment', error.message, REFERENCE)];
};

const open = (config: Config): readonly Check[] => {
  if (config.backend === 'memory' || !config.production) return [];
  const { ssl, sasl } = config.kafka;
  if (ssl !== undefined && sasl === undefined && ssl.cert === undefined)
    return [
      warning('KAFKA_SASL_*', 'Kafka does not know who we are', 'give user and password, or a certificate'),
    ];
  return ssl === undefined
    ? [warning('KAFKA_SSL', 'records travel unencrypted', 'set KAFKA_SSL=true, unless the network is closed')]
    : [];
};

/** Looks at the environment; what stands there is never repeated. */
export const lookAtConfiguration = (environment: Environment): ConfigurationLook => {
  try {
    const config = loadConfig(environment);
    const what =
      config.backend === 'memory'
        ? 'backend memory: nothing is shared with other processes, so there is nothing more to look at'
        : `backend kafka, ${config.production ? 'production' : 'not production'}; no variable is misspelt`;
    return { config, checks: [ok('environment', what), ...open(config)] };
  } catch (error) {
    return { checks: unusable(error) };
  }
};
