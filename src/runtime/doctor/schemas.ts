import type { AvroContract } from '../../core/contract.ts';
import { checkSubject } from '../../serde/check.ts';
import { contractsOf } from '../backend.ts';
import { countWords } from '../inspection/time-words.ts';
import { type Check, checksOf } from './check.ts';
import type { DoctorParts, Probe } from './parts.ts';

const { ok, warning, problem } = checksOf('registry');
const REGISTER = '`esteira schemas register`';
/** What `schemas register` sets; each version can then read, and be read by, all others. */
const STRICTEST = 'FULL_TRANSITIVE';

/** What is said of a schema that is not registered as it is here; workers start without an event, not without the rest. */
const unregistered = async (
  { app, registry }: DoctorParts,
  { name, schema }: AvroContract<unknown>,
): Promise<Check> => {
  const { state, messages } = await checkSubject(registry, { path: name, subject: name, schema });
  if (state === 'incompatible') {
    return problem(
      name,
      `is not compatible with what is registered: ${messages.join('; ')}`,
      'make the change compatible (`esteira schemas check`): new fields with defaults',
    );
  }
  const isEvent = app.events.some(({ contract }) => contract.name === name);
  const says = state === 'new' ? 'is not registered' : 'is newer here than in the registry';
  return isEvent
    ? warning(name, `${says}: it can be read, not published`, REGISTER)
    : problem(name, `${says}: workers do not start without it`, REGISTER);
};

const registered = async (parts: DoctorParts, contract: AvroContract<unknown>): Promise<readonly Check[]> => {
  const { name, schema } = contract;
  const known = await parts.registry.lookUp(name, schema);
  if (known === undefined) return [await unregistered(parts, contract)];
  const latest = await parts.registry.version(name, 'latest');
  if (latest === undefined || latest.version <= known.version) return [];
  return [
    warning(
      name,
      `is version ${known.version} here and ${latest.version} in the registry: this app is older than others`,
      'bring the newer schema here, unless this deploy goes back on purpose',
    ),
  ];
};

const level = async ({ registry }: DoctorParts, name: string): Promise<readonly Check[]> => {
  if ((await registry.version(name, 'latest')) === undefined) return [];
  const own = await registry.level(name);
  if (own === STRICTEST) return [];
  const says =
    own === undefined
      ? 'has no compatibility level of its own: the default of the registry holds'
      : `has compatibility level ${own}`;
  const harm = `${says}; a schema that breaks readers could be registered`;
  return [warning(name, harm, `${REGISTER} sets ${STRICTEST}`)];
};

/** Whether every schema the app writes or reads is registered, the newest, and guarded. */
export const schemas: Probe = async (parts) => {
  const contracts = new Map(contractsOf(parts.app).map((contract) => [contract.name, contract]));
  const checks: Check[] = [];
  for (const contract of contracts.values()) {
    checks.push(...(await registered(parts, contract)), ...(await level(parts, contract.name)));
  }
  if (checks.length > 0) return checks;
  return [ok('schemas', `${countWords(contracts.size, 'schema')} registered, the newest, ${STRICTEST}`)];
};
