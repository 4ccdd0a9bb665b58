import { asItArrives } from '../core/dispatch-record.ts';
import { isEsteiraError } from '../core/errors.ts';
import type { Follower } from '../core/followers.ts';
import { assertNoSecrets } from '../security/secret-guard.ts';

/** What follows the completion of a job: nothing, a job, or a dead letter, where no job can be made. */
export type FollowUp =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'job'; readonly payload: unknown; readonly orderKey: string | undefined }
  | { readonly kind: 'dead'; readonly code: string; readonly detail: string };

/**
 * Works out what follows. Its check is left to the follower's own intake, which keeps the bytes; here dies only what has
 * none that may be written.
 */
export const followUpOf = ({ job, completion, format }: Follower, parentPayload: unknown): FollowUp => {
  const what = `job ${job.type}`;
  try {
    if (!completion.when(parentPayload)) return { kind: 'nothing' };
    const mapped = completion.map(parentPayload);
    const payload = asItArrives(format, mapped, what);
    assertNoSecrets(payload, what);
    return { kind: 'job', payload, orderKey: job.orderingKey(mapped) };
  } catch (error) {
    return { kind: 'dead', ...unfit(error) };
  }
};

/** Why there is no follower, as far as it may be told; anything the app's functions threw may quote the payload. */
const unfit = (error: unknown): { readonly code: string; readonly detail: string } => {
  if (
    isEsteiraError(error, 'ESTEIRA_PAYLOAD_INVALID') ||
    isEsteiraError(error, 'ESTEIRA_PAYLOAD_HOLDS_SECRET')
  )
    return { code: error.code, detail: error.message };
  const what = error instanceof Error ? error.name : typeof error;
  return { code: 'MAP_FAILED', detail: `when, map or order of what it follows threw ${what}` };
};
