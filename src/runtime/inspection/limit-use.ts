import type { AppDefinition } from '../../core/app.ts';
import { type Controls, NO_CONTROLS, withRule } from '../../core/controls.ts';
import { randomId } from '../../core/ids.ts';
import type { LimitId, LimitStore } from '../../core/ports/limits.ts';
import { tenantLimitsOf } from '../../core/queue.ts';

/** How far a limit over all processes is used. */
export interface LimitUse extends LimitId {
  readonly used: number;
  readonly most: number;
  /** Processes that stand in line for slots. */
  readonly waiting: number;
}

/** Asks for no slots: nothing is taken, and what dead processes held too long is freed, as any asking does. */
const useOf = async (store: LimitStore, id: LimitId, most: number): Promise<LimitUse> => {
  const [acquired] = await store.acquire([
    { ...id, holders: [], most, asker: `inspection:${randomId()}`, leaseMs: 0 },
  ]);
  const [renewed] = await store.renewSlots([{ ...id, holders: [], leaseMs: 0 }]);
  return { ...id, most, used: acquired?.used ?? 0, waiting: renewed?.waiting ?? 0 };
};

/**
 * The limits over all processes that a queue has, and with a tenant that tenant's too. Empty where there are none.
 *
 * @throws EsteiraError ESTEIRA_STATE_UNAVAILABLE
 */
export const limitsOf = async (
  app: AppDefinition,
  store: LimitStore,
  queueName: string,
  tenant?: { readonly id: string; readonly tier?: string },
  rules: Controls = NO_CONTROLS,
): Promise<readonly LimitUse[]> => {
  const defined = app.queues.get(queueName);
  if (defined === undefined) return [];
  const queue = withRule(defined, rules.limitOf(queueName));
  const uses: LimitUse[] = [];
  if (queue.limit !== undefined) uses.push(await useOf(store, { queue: queueName }, queue.limit));
  const own =
    tenant === undefined
      ? undefined
      : withRule(tenantLimitsOf(queue, tenant.tier), rules.limitOf(queueName, tenant.id)).limit;
  if (tenant !== undefined && own !== undefined)
    uses.push(await useOf(store, { queue: queueName, tenant: tenant.id }, own));
  return uses;
};
