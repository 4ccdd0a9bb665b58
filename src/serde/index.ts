export { checkSchemas, type RegistryCommandOptions, type SchemaCheck } from './check.ts';
export { type ConfluentSourceOptions, createConfluentSource } from './confluent-source.ts';
export {
  type GeneratedFile,
  type GenerateOptions,
  generateSchemas,
  renderSchemas,
  staleFiles,
} from './generate.ts';
export { lintSchemas, type SchemaLint } from './lint.ts';
export { createMemorySource, type MemorySource } from './memory-source.ts';
export { COMPATIBILITY_LEVEL, registerSchemas, type SchemaRegistration } from './register.ts';
export type { RegistryOptions } from './registry-client.ts';
export { loadSchemaProject, type SchemaProject } from './schema-config.ts';
export type { SchemaSource } from './schema-source.ts';
export { createSerde, type SerdeOptions } from './serde.ts';
