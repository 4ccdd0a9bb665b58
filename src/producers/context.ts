import type { Envelope } from '../core/envelope.ts';
import { randomId } from '../core/ids.ts';
import { newTraceparent } from '../core/traceparent.ts';
import { currentJobContext } from '../security/job-context.ts';

/** What a caller may say about where an event or a dispatch comes from. */
export interface OriginOptions {
  /** The chain's id; default: that of the running job, else the new event's own id. */
  readonly correlationId?: string;
  /** What caused it; default: the running job's id. */
  readonly causationId?: string;
  /** Who set it off. */
  readonly userId?: string;
  /**
   * W3C trace context; default: that of the running job, else a new one. With tracing the record carries that of its own
   * span, which lies below this one, else below the active one.
   */
  readonly traceparent?: string;
}

/** The CloudEvents context of something new: the caller's words, then the running job's, then fresh ones. */
export const originContext = (
  eventId: string,
  options: OriginOptions,
): Pick<Envelope, 'correlationId' | 'causationId' | 'userId' | 'traceparent'> => {
  const running = currentJobContext();
  const causationId = options.causationId ?? running?.jobId;
  const userId = options.userId ?? running?.userId;
  return {
    correlationId: options.correlationId ?? running?.correlationId ?? eventId,
    traceparent: options.traceparent ?? running?.traceparent ?? newTraceparent(randomId(), randomId()),
    ...(causationId === undefined ? {} : { causationId }),
    ...(userId === undefined ? {} : { userId }),
  };
};
