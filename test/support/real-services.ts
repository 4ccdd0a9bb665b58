import { startStack } from '../../stack/index.ts';
import { registerProjectSchemas } from './open-services.ts';

/**
 * Brings the real services up once for a run and puts their addresses into the environment of the tests. A run that
 * cannot have them fails, loudly: nothing here is ever skipped.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const stack = await startStack({ brokers: 1, redis: 1, registry: true, quiet: true });
  Object.assign(process.env, stack.env);
  await registerProjectSchemas(stack.env);
  process.env['TEST_SCHEMAS_REGISTERED'] = stack.env['SCHEMA_REGISTRY_URL'];
  return () => stack.stop();
}
