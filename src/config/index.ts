export type { Config, KafkaBackendConfig } from './config.ts';
export { loadConfig } from './env.ts';
export { type Environment, readEnvironment } from './environment.ts';
export { VARIABLE_NAMES } from './variables.ts';
