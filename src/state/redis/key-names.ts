import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { ClaimId } from '../../core/ports/state.ts';

/** Where the state of one request lives. All names of one tag are on one node of a cluster. */
export interface KeyNames {
  /** `{namespace:type:bucket}`; the bucket comes from the tenant. */
  tag(id: TagId): string;
  /** The idempotency key's record: `<tag>:k:<tenant>:<key>`. */
  key(tag: string, id: ClaimId): string;
  /** The job's record: `<tag>:j:<tenant>:<job id>`. */
  job(tag: string, id: JobId): string;
  /** The largest fence given out under a tag: `<tag>:fence`. */
  fence(tag: string): string;
}

/** The parts that pick a tag. */
export type TagId = Pick<ClaimId, 'jobType' | 'tenant'>;

/** The parts that name a job. */
export type JobId = TagId & { readonly jobId: string };

/** The hash's share of a name: 128 bits. */
const HASH_CHARACTERS = 22;
const PREVIEW_CHARACTERS = 12;

/** Short plain text is itself. It holds none of the separators `:`, `{`, `}` and no `~`, so names cannot collide. */
const PLAIN = /^[A-Za-z0-9._@/+=,#-]{1,48}$/;

/** What is long or holds other characters becomes `~<a bit of it>~<hash>`: bounded, and still to be recognised. */
const part = (text: string): string => {
  if (PLAIN.test(text)) return text;
  const preview = text.slice(0, PREVIEW_CHARACTERS).replace(/[^A-Za-z0-9._-]/g, '_');
  const hash = createHash('sha256').update(text).digest('base64url').slice(0, HASH_CHARACTERS);
  return `~${preview}~${hash}`;
};

/**
 * Builds key names for a namespace.
 *
 * `buckets` spreads the tenants of one job type over that many tags. Changing it on a living system makes all state
 * unknown, as if it were lost.
 */
export const createKeyNames = (namespace: string, buckets: number): KeyNames => {
  const prefix = part(namespace);
  return {
    tag: ({ jobType, tenant }) => `{${prefix}:${part(jobType)}:${crc32(tenant) % buckets}}`,
    key: (tag, { tenant, idempotencyKey }) => `${tag}:k:${part(tenant)}:${part(idempotencyKey)}`,
    job: (tag, { tenant, jobId }) => `${tag}:j:${part(tenant)}:${part(jobId)}`,
    fence: (tag) => `${tag}:fence`,
  };
};
