import type {
  DeadRequest,
  FailRequest,
  OrderClaimAnswer,
  OrderClaimRequest,
  OrderCompleteRequest,
  ParkAnswer,
  ParkRequest,
  RegisterRequest,
} from '../../core/ports/order-state.ts';
import type { CompleteAnswer } from '../../core/ports/state.ts';

/** One worker's way to the state of ordered types: as the state client, patient during outages. */
export interface OrderClient {
  claimAll(requests: readonly OrderClaimRequest[]): Promise<readonly OrderClaimAnswer[]>;
  parkAll(requests: readonly ParkRequest[]): Promise<readonly ParkAnswer[]>;
  completeAll(requests: readonly OrderCompleteRequest[]): Promise<readonly CompleteAnswer[]>;
  fail(request: FailRequest): Promise<'failed' | 'lost'>;
  dead(request: DeadRequest): Promise<CompleteAnswer>;
  register(request: RegisterRequest): Promise<'seen' | 'behind'>;
}
