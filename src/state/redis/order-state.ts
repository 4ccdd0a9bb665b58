import type { OrderState } from '../../core/ports/order-state.ts';
import { silently } from '../silently.ts';
import type { BatchScript, Evaluate } from './batch-script.ts';
import type { EventShelves } from './event-shelves.ts';
import type { KeyNames, TagId } from './key-names.ts';
import { orderClaimScript } from './order-claim-script.ts';
import { registerCopies, type TagsOf } from './order-register.ts';
import { condemnScript, holdScript, inspectScript, liftScript } from './order-sequence-scripts.ts';
import { deadScript, failScript, orderCompleteScript, parkScript } from './order-settlement-scripts.ts';
import { beginScript, cancelScript, prepareScript } from './replay-scripts.ts';

/** How the store runs its scripts. */
export interface ScriptRunner {
  readonly namesOf: KeyNames;
  readonly tagsOf: TagsOf;
  readonly shelves: EventShelves;
  /** Makes a batch call of a script. */
  each<Request extends TagId, Answer>(
    script: BatchScript<Request, Answer>,
  ): (requests: readonly Request[]) => Promise<readonly Answer[]>;
  /** Uses the connection for a call of this name. */
  use<T>(name: string, task: (evaluate: Evaluate) => Promise<T>): Promise<T>;
}

/** The state of ordered types in Redis. */
export const redisOrderState = ({ namesOf, tagsOf, shelves, each, use }: ScriptRunner): OrderState => ({
  claim: each(orderClaimScript),
  park: each(parkScript),
  fail: each(failScript),
  complete: each(orderCompleteScript(shelves)),
  dead: each(deadScript),
  register: (requests) =>
    use('register', (evaluate) =>
      Promise.all(requests.map((request) => registerCopies(evaluate, namesOf, tagsOf, request))),
    ),
  inspect: each(inspectScript),
  hold: silently(each(holdScript)),
  lift: silently(each(liftScript)),
  condemn: each(condemnScript),
  prepare: each(prepareScript),
  begin: each(beginScript),
  cancel: each(cancelScript),
});
