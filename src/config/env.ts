import { readFileSync } from 'node:fs';
import { EsteiraError } from '../core/errors.ts';
import { type Config, configOf } from './config.ts';
import { backendOf, inconsistencies, type SetVariables } from './consistency.ts';
import type { Environment } from './environment.ts';
import { misspeltNames } from './misspelt.ts';
import { readPem } from './pem.ts';
import { VARIABLE_NAMES, Variables } from './variables.ts';

/** Kubernetes sets `REDIS_PORT=tcp://…` beside a service called redis: that is no port of ours. */
const isServiceLink = (name: string, value: string): boolean =>
  name.endsWith('_PORT') && value.startsWith('tcp://');

const isSet = (name: string, value: string | undefined): value is string =>
  value !== undefined && value.trim() !== '' && !isServiceLink(name, value);

const setVariables = (env: Environment): SetVariables =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (isSet(name, value) ? [[name, value] as const] : [])),
  );

const MEMORY_IN_PRODUCTION =
  'NODE_ENV is production, but the backend is memory, which forgets everything when the process ends: set KAFKA_BROKERS, SCHEMA_REGISTRY_URL and REDIS_URL';

const isMemoryInProduction = (variables: SetVariables): boolean =>
  variables['NODE_ENV'] === 'production' && backendOf(variables) === 'memory';

const refusal = (problems: readonly string[]): EsteiraError =>
  problems.length === 1 && problems[0] === MEMORY_IN_PRODUCTION
    ? new EsteiraError('ESTEIRA_MEMORY_BACKEND_IN_PRODUCTION', `${MEMORY_IN_PRODUCTION}.`)
    : new EsteiraError('ESTEIRA_CONFIG_INVALID', `The environment is not usable: ${problems.join('; ')}.`, {
        facts: { problems: [...problems] },
      });

/**
 * The configuration the environment asks for. Reads the PEM files it names; touches nothing else.
 *
 * @throws EsteiraError ESTEIRA_CONFIG_INVALID with every problem at once in `facts.problems` (never a value),
 *   ESTEIRA_MEMORY_BACKEND_IN_PRODUCTION when that is the only one.
 */
export const loadConfig = (
  env: Environment,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): Config => {
  const set = setVariables(env);
  const { variables, problems: pemProblems } = readPem(set, readFile);
  const parsed = Variables.safeParse(variables);
  const problems = [
    ...(parsed.error?.issues ?? []).map((issue) => `${issue.path.join('.')}: ${issue.message}`),
    ...pemProblems,
    ...inconsistencies(set),
    ...misspeltNames(Object.keys(set), VARIABLE_NAMES),
    ...(isMemoryInProduction(set) ? [MEMORY_IN_PRODUCTION] : []),
  ];
  if (!parsed.success || problems.length > 0) throw refusal(problems);
  return configOf(parsed.data, backendOf(set));
};
