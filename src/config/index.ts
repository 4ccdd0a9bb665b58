export type { Config, KafkaBackendConfig } from './config.ts';
export { type Environment, loadConfig, readEnvironment } from './env.ts';
export { nearestName } from './misspelt.ts';
export { VARIABLE_NAMES } from './variables.ts';
