import type { Delivery } from '../../consumers/delivery.ts';
import type { AppDefinition } from '../../core/app.ts';
import type { Controls } from '../../core/controls.ts';
import type { JobEvent } from '../../core/generated/job-event.ts';
import type { JobDefinition } from '../../core/job.ts';
import type { JobEventType } from '../../core/job-event.ts';
import type { SequenceId, SequenceState } from '../../core/ports/order-state.ts';
import type { ClaimState } from '../../core/ports/state.ts';
import type { QueueDefinition } from '../../core/queue.ts';
import type { Backend } from '../backend.ts';
import type { LetterFact } from '../letters/letter-ledger.ts';
import type { LimitUse } from './limit-use.ts';
import type { LiveCopy } from './live-copies.ts';
import type { TelemetryRead } from './telemetry-scan.ts';

/** The services a look reads. It writes to none of them. */
export interface InspectionParts {
  readonly app: AppDefinition;
  readonly backend: Pick<Backend, 'broker' | 'serde' | 'state'>;
}

/** Where a job stands in its sequence. */
export interface OrderEvidence {
  readonly sequence: SequenceId;
  readonly place: number;
  readonly where: 'direct' | 'waiting';
  readonly state: SequenceState;
  /** Copies of its key before it on the waiting topic that have not ended. */
  readonly before: number;
  /** The first of its key that has not ended, as far as it is on the waiting topic. */
  readonly front?: { readonly place: number; readonly jobId: string };
}

/** Everything that was found about one job. Times are epoch ms. */
export interface JobEvidence {
  readonly jobId: string;
  readonly nowMs: number;
  /** Undefined when nothing is known of the job, or its type is not the app's any more. */
  readonly job: JobDefinition<unknown> | undefined;
  readonly queue: QueueDefinition | undefined;
  readonly tenant: string | undefined;
  /** Oldest first, each once. */
  readonly history: readonly JobEvent[];
  /** The copy that is on its way; the furthest one where there are several. */
  readonly copy: LiveCopy | undefined;
  readonly delivery: Delivery | undefined;
  readonly claim: ClaimState | undefined;
  readonly order: OrderEvidence | undefined;
  /** The suspension that holds for it, as last told. */
  readonly suspension: JobEvent | undefined;
  /** `topic/partition/offset` of its dead letter. */
  readonly deadLetter: string | undefined;
  /** What operators did about its dead letter last. */
  readonly letterFate: LetterFact | undefined;
  readonly limits: readonly LimitUse[];
  /** What operators have ordered; undefined where that could not be read. */
  readonly rules: Controls | undefined;
  readonly telemetry: TelemetryRead;
  /** Whether some records that are on their way were not looked at: there are too many. */
  readonly isCut: boolean;
  /** What could not be looked up, and why. */
  readonly gaps: readonly string[];
}

/** The events that say where a job is; the others are about something else, or about a repeat. */
const STEPS: ReadonlySet<string> = new Set<JobEventType>([
  ...(['job.dispatched', 'job.deferred', 'job.started', 'job.failed', 'job.retried'] as const),
  ...(['job.completed', 'job.cancelled', 'job.sent_to_dlq', 'job.replayed'] as const),
]);

/** After these a repeat that is skipped says nothing new of the job. */
const ENDS: ReadonlySet<string> = new Set<JobEventType>([
  'job.completed',
  'job.cancelled',
  'job.sent_to_dlq',
]);

/**
 * The last that was told of where a job is. A skip is that where it came last and ended the job: what it waited for was
 * done by another, or need not be done any more.
 */
export const lastStep = ({ history }: Pick<JobEvidence, 'history'>): JobEvent | undefined => {
  const step = history.findLast(({ type }) => STEPS.has(type));
  const skip = history.findLast(({ type }) => type === 'job.skipped');
  if (step === undefined || skip === undefined) return step ?? skip;
  const isRepeat = ENDS.has(step.type) || skip.reason === 'superseded';
  return isRepeat || history.indexOf(skip) < history.indexOf(step) ? step : skip;
};
