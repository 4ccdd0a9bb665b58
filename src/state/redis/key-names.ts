import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { ClaimId } from '../../core/ports/state.ts';

/** The parts that pick a tag. */
export type TagId = Pick<ClaimId, 'jobType' | 'tenant'>;

/** Where the state of one tenant's jobs of one type lives. All names of one tag are on one node of a cluster. */
export interface TenantNames {
  /** `{namespace:type:bucket}`; the bucket comes from the tenant. */
  readonly tag: string;
  /** The largest fence given out under the tag: `<tag>:fence`. */
  readonly fence: string;
  /** Events that done marks of one call have still to be told: `<tag>:e:<id>`. */
  shelf(id: string): string;
  /** What the names of idempotency keys begin with: `<tag>:k:<tenant>:`; their part ends them. */
  readonly keys: string;
  /** What the names of jobs begin with: `<tag>:j:<tenant>:`. */
  readonly jobs: string;
  /** The record of an idempotency key: `<tag>:k:<tenant>:<key>`. */
  key(idempotencyKey: string): string;
  /** The record of a job: `<tag>:j:<tenant>:<job id>`. */
  job(jobId: string): string;
  /** The record of a sequence: `<tag>:s:<tenant>:<topic/partition>:<ordering key>`. */
  sequence(partition: string, orderKey: string): string;
  /** The witness of a partition of the waiting topic, one a tag: `<tag>:w:<partition>`. */
  seen(waitingPartition: number): string;
}

/** The names that a tag has without a tenant. */
export type TagNames = Pick<TenantNames, 'tag' | 'fence' | 'seen' | 'shelf'>;

/** Finds the names for a job type and a tenant. */
export type KeyNames = (id: TagId) => TenantNames;

/** The hash's share of a name: 128 bits. */
const HASH_CHARACTERS = 22;
const PREVIEW_CHARACTERS = 12;
/** Names of this many tenants are remembered per job type; then the memory starts anew. */
const MOST_TENANTS = 10_000;

/** Short plain text is itself. It holds none of the separators `:`, `{`, `}` and no `~`, so names cannot collide. */
const PLAIN = /^[A-Za-z0-9._@/+=,#-]{1,48}$/;

/** What is long or holds other characters becomes `~<a bit of it>~<hash>`: bounded, and still to be recognised. */
export const namePart = (text: string): string => {
  if (PLAIN.test(text)) return text;
  const preview = text.slice(0, PREVIEW_CHARACTERS).replace(/[^A-Za-z0-9._-]/g, '_');
  const hash = createHash('sha256').update(text).digest('base64url').slice(0, HASH_CHARACTERS);
  return `~${preview}~${hash}`;
};

/** `prefix` is a part already. */
const tagNames = (prefix: string, jobType: string, bucket: number): TagNames => {
  const tag = `{${prefix}:${namePart(jobType)}:${bucket}}`;
  return {
    tag,
    fence: `${tag}:fence`,
    seen: (waitingPartition) => `${tag}:w:${waitingPartition}`,
    shelf: (id) => `${tag}:e:${id}`,
  };
};

/** Finds all tags of a job type. */
export const createTagNames =
  (namespace: string, buckets: number) =>
  (jobType: string): readonly TagNames[] =>
    Array.from({ length: buckets }, (_, bucket) => tagNames(namePart(namespace), jobType, bucket));

/**
 * Builds key names for a namespace.
 *
 * `buckets` spreads the tenants of one job type over that many tags. Changing it on a living system makes all state
 * unknown, as if it were lost.
 */
export const createKeyNames = (namespace: string, buckets: number): KeyNames => {
  const prefix = namePart(namespace);
  const types = new Map<string, Map<string, TenantNames>>();
  const make = ({ jobType, tenant }: TagId): TenantNames => {
    const names = tagNames(prefix, jobType, crc32(tenant) % buckets);
    const { tag } = names;
    const sequences = `${tag}:s:${namePart(tenant)}:`;
    const keys = `${tag}:k:${namePart(tenant)}:`;
    const jobs = `${tag}:j:${namePart(tenant)}:`;
    return {
      ...names,
      keys,
      jobs,
      key: (idempotencyKey) => keys + namePart(idempotencyKey),
      job: (jobId) => jobs + namePart(jobId),
      sequence: (partition, orderKey) => `${sequences}${namePart(partition)}:${namePart(orderKey)}`,
    };
  };
  let lastType: string | undefined;
  let tenants = new Map<string, TenantNames>();
  const turnTo = (jobType: string): void => {
    lastType = jobType;
    tenants = types.get(jobType) ?? new Map();
    types.set(jobType, tenants);
  };
  return (id) => {
    // Nearly all questions are about the job type of the one before.
    if (id.jobType !== lastType) turnTo(id.jobType);
    const known = tenants.get(id.tenant);
    if (known !== undefined) return known;
    if (tenants.size >= MOST_TENANTS) tenants.clear();
    const names = make(id);
    tenants.set(id.tenant, names);
    return names;
  };
};
