import { defineJob } from '../../../src/index.ts';
import { subscriptionCanceled } from '../events.ts';
import type { SubscriptionCanceled } from '../generated/subscription-canceled.ts';
import { type AccessControl, revokeAccess } from '../use-cases/revoke-access.ts';

/** Orchestration: what follows when a condominium leaves. */
export const revokeAccessJob = (access: AccessControl) => {
  const revoke = revokeAccess(access);
  return defineJob<SubscriptionCanceled>({
    type: 'revoke-access',
    kind: 'orchestration',
    on: subscriptionCanceled,
    order: 'none',
    idempotencyKey: ({ subscriptionId }) => subscriptionId,
    retry: { attempts: 3, backoff: ['100ms', '300ms'] },
    run: (_canceled, { tenant }) => revoke(tenant),
  });
};
