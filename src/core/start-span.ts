import { deterministicId } from './ids.ts';
import type { TraceIds } from './traceparent.ts';

/** What a start of a job is known by, also to those who come after it. */
export interface JobStart {
  readonly jobId: string;
  /** The replay it belongs to; a replay counts its starts anew. */
  readonly replayId?: string | null | undefined;
  /** Which start this is, from 1. */
  readonly starts: number;
}

/** Digits of a trace id that are the span id too. */
const SPAN_DIGITS = 16;

/**
 * The trace and the span of a start. They are made of what everybody knows who knows the job, so that the next start,
 * a replay, or a reader of the telemetry topic finds the span without having been told. Whether it was recorded, nobody
 * knows, so its flags say nothing.
 */
export const startSpan = ({ jobId, replayId, starts }: JobStart): TraceIds => {
  const traceId = deterministicId('start', jobId, replayId ?? '', String(starts)).replaceAll('-', '');
  return { traceId, spanId: traceId.slice(-SPAN_DIGITS), traceFlags: 0 };
};
