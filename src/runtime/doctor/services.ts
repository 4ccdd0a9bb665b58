import { type EsteiraError, isEsteiraError } from '../../core/errors.ts';
import { countWords } from '../inspection/time-words.ts';
import { type Check, checksOf } from './check.ts';
import { withinDeadline } from './deadline.ts';
import type { DoctorParts } from './parts.ts';

/** The services an app needs. */
export type Service = 'kafka' | 'registry' | 'redis';

const { ok, problem } = checksOf('services');
const SERVICE_DEADLINE_MS = 8_000;
/** Any subject will do: whether there is one is looked at elsewhere. */
const SOME_SUBJECT = 'esteira.telemetry.JobEvent';

const LOOK: Readonly<
  Record<Service, { readonly name: string; readonly variable: string; readonly credentials: string }>
> = {
  kafka: { name: 'Kafka', variable: 'KAFKA_BROKERS', credentials: 'KAFKA_SASL_*, KAFKA_SSL_*' },
  registry: {
    name: 'schema registry',
    variable: 'SCHEMA_REGISTRY_URL',
    credentials: 'SCHEMA_REGISTRY_USERNAME, SCHEMA_REGISTRY_PASSWORD',
  },
  redis: { name: 'Redis', variable: 'REDIS_URL', credentials: 'those in REDIS_URL, REDIS_PASSWORD' },
};

const kafka = async ({ broker, addresses }: DoctorParts): Promise<string> => {
  const { brokers, release } = await broker.cluster();
  return `${countWords(brokers, 'broker')} at ${addresses.kafka}, release ${release ?? 'not known'}`;
};

const registry = async ({ registry: asked, addresses }: DoctorParts): Promise<string> => {
  await asked.version(SOME_SUBJECT, 'latest');
  return `${(await asked.serverVersion()) ?? 'version not known'} at ${addresses.registry}`;
};

const redis = async ({ state, addresses }: DoctorParts): Promise<string> => {
  const facts = await state.facts();
  return `version ${facts?.get('redis_version') ?? 'not known'} at ${addresses.redis}`;
};

const ASK: Readonly<Record<Service, (parts: DoctorParts) => Promise<string>>> = { kafka, registry, redis };

/** What the service itself has said, or what happened on the way to it. */
const detailOf = ({ facts }: EsteiraError): string | undefined => {
  const detail = facts['code'] ?? facts['kafkaError'] ?? facts['status'] ?? facts['failure'];
  return detail === undefined ? undefined : String(detail);
};

/** What the services call it when they do not know who asks, or do not let him. */
const REFUSALS: ReadonlySet<string> = new Set(['401', '403', 'NOAUTH', 'WRONGPASS', 'NOPERM']);

/** A refusal by credentials is mended elsewhere than an address. */
const todoOf = (service: Service, error: EsteiraError): string =>
  error.code === 'ESTEIRA_BROKER_REFUSED' || REFUSALS.has(detailOf(error) ?? '')
    ? `correct the credentials: ${LOOK[service].credentials}`
    : `start it (\`npm run stack\` gives a local one), or correct ${LOOK[service].variable}`;

const reach = async (parts: DoctorParts, service: Service): Promise<Check> => {
  const { name } = LOOK[service];
  try {
    const limitMs = parts.serviceDeadlineMs ?? SERVICE_DEADLINE_MS;
    return ok(name, await withinDeadline(name, limitMs, ASK[service](parts)));
  } catch (error) {
    if (!isEsteiraError(error)) throw error;
    const why = [error.code, detailOf(error) ?? []].flat().join(', ');
    const says = `cannot be used at ${parts.addresses[service]} (${why})`;
    return problem(name, says, todoOf(service, error));
  }
};

/** Whether each service is there, with its version; and those that are not. */
export const reachServices = async (
  parts: DoctorParts,
): Promise<{ readonly checks: readonly Check[]; readonly down: ReadonlySet<Service> }> => {
  const services: readonly Service[] = ['kafka', 'registry', 'redis'];
  const checks = await Promise.all(services.map((service) => reach(parts, service)));
  return { checks, down: new Set(services.filter((_, index) => checks[index]?.verdict !== 'ok')) };
};

/** What a service is called. */
export const serviceName = (service: Service): string => LOOK[service].name;
