import { nearestName } from '../core/nearest-name.ts';

/** Prefixes under which nobody else has variables: any unknown name there is a mistake. */
const OWN_PREFIXES = ['ESTEIRA_', 'WORKER_', 'QUEUE_'];
/** Prefixes shared with other programs: there only a name close to one of ours is a mistake. */
const SHARED_PREFIXES = ['KAFKA_', 'REDIS_', 'SCHEMA_REGISTRY_', 'SERVICE_'];
/** What Kubernetes adds for each service of a namespace (`REDIS_SERVICE_HOST`, `WORKER_PORT_80_TCP`). */
const SERVICE_LINK = /_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP)(_[A-Z]+)?)?)$/;
const CLOSE = 2;

const problemOf = (name: string, known: readonly string[]): string | undefined => {
  const isOwn = OWN_PREFIXES.some((prefix) => name.startsWith(prefix));
  if (!isOwn && !SHARED_PREFIXES.some((prefix) => name.startsWith(prefix))) return undefined;
  if (SERVICE_LINK.test(name)) return undefined;
  // REDIS_URL_SESSIONS is somebody's second Redis, not a misspelt REDIS_URL.
  const nearest = nearestName(name, isOwn ? known : known.filter((one) => !name.startsWith(`${one}_`)));
  if (nearest === undefined || (!isOwn && nearest.distance > CLOSE)) return undefined;
  return `${name} is not a variable of Esteira: did you mean ${nearest.name}?`;
};

/** A sentence for each variable that looks like a misspelt one of `known`, with the nearest known name. */
export const misspeltNames = (names: readonly string[], known: readonly string[]): readonly string[] =>
  names.filter((name) => !known.includes(name)).flatMap((name) => problemOf(name, known) ?? []);
