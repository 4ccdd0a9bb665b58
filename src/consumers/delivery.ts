import type { Envelope, JobHeaders } from '../core/envelope.ts';
import type { ReplayTurn } from '../core/order/replay-turn.ts';
import type { DeadReason } from '../core/outcome.ts';
import type { ClaimId } from '../core/ports/state.ts';
import type { ConsumedRecord } from '../core/record.ts';

/** Where a record of an ordered type stands. A sequence is (job type, tenant, partition, ordering key). */
export interface OrderedPlace {
  readonly orderKey: string;
  /** `topic/partition` of the event topic or inbox, never of the waiting topic. */
  readonly partition: string;
  /** Its offset there. */
  readonly place: number;
  /** The partition of the waiting topic that goes with it. */
  readonly waitingPartition: number;
  /** Which of its copies this is. */
  readonly where: 'direct' | 'waiting';
  /** Its turn, when it is replayed in the order of a held sequence: then it is on the waiting topic. */
  readonly turn: ReplayTurn | undefined;
}

/** A record that is a job of this type, as far as it could be understood. */
export interface Delivery {
  readonly record: ConsumedRecord;
  readonly envelope: Envelope;
  /** The job as this copy states it; made up from the event for first copies. */
  readonly job: JobHeaders;
  /** `topic/partition/offset` of this copy, or of the one it stands in for. */
  readonly position: string;
  /** `topic/partition/offset` of the job's first record. */
  readonly origin: string;
  /** Resolved tenant, else `unknown`. */
  readonly tenant: string;
  readonly correlationId: string;
  /**
   * Under which the store knows it. Of what is dead on arrival: by the job's id, and by the tenant that the record names
   * where none was resolved, so that it is one job with copies that can be read, or whose tenant is known by then.
   */
  readonly claim: ClaimId;
  /** The payload for the handler; undefined when the record is dead on arrival. */
  readonly payload: unknown;
  /** What its job type declares of it, redacted; undefined where it declares nothing, and when it is dead on arrival. */
  readonly dimensions?: Readonly<Record<string, string>> | undefined;
  /** Epoch ms before which it must not start: the trigger's delay on a first copy. */
  readonly notBeforeMs: number | undefined;
  /** 1 (first) to 10. */
  readonly priority: number;
  /** Where it stands in its sequence; undefined for unordered types. */
  readonly order: OrderedPlace | undefined;
  /** Why it can never run, found before any claim; it dies under one. */
  readonly deadOnArrival:
    | {
        readonly reason: DeadReason;
        readonly code: string;
        readonly detail: string;
        /** Epoch ms before which it does not die: a process of a newer version may know it, and take it over by then. */
        readonly notBeforeMs?: number;
      }
    | undefined;
}
