import type { OrderState } from '../../core/ports/order-state.ts';
import { silently } from '../silently.ts';
import { claimInOrder } from './order-claim-rules.ts';
import {
  completeInOrder,
  condemn,
  dead,
  fail,
  hold,
  inspect,
  lift,
  park,
  register,
} from './order-settlement-rules.ts';
import { begin, cancel, prepare } from './replay-rules.ts';
import type { StateTable } from './state-table.ts';

/** Makes a batch call of a rule for one request. */
export type EachRequest = <Request, Answer>(
  rule: (table: StateTable, request: Request) => Answer,
) => (requests: readonly Request[]) => Promise<readonly Answer[]>;

/** The state of ordered types in this process's memory. */
export const memoryOrderState = (each: EachRequest): OrderState => ({
  claim: each(claimInOrder),
  park: each(park),
  fail: each(fail),
  complete: each(completeInOrder),
  dead: each(dead),
  register: each(register),
  inspect: each(inspect),
  hold: silently(each(hold)),
  lift: silently(each(lift)),
  condemn: each(condemn),
  prepare: each(prepare),
  begin: each(begin),
  cancel: each(cancel),
});
