/** A W3C trace context made of two random UUIDs: sampled, version 00. */
export const newTraceparent = (traceSeed: string, spanSeed: string): string => {
  const traceId = traceSeed.replaceAll('-', '').slice(0, 32);
  const spanId = spanSeed.replaceAll('-', '').slice(0, 16);
  return `00-${traceId}-${spanId}-01`;
};

/** Whether a text is a W3C trace context of version 00. */
export const isTraceparent = (text: string): boolean =>
  /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(text);

/** The ids of a W3C trace context, and its flags: 1 where the span is recorded. */
export interface TraceIds {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly traceFlags: number;
}

const NO_ID = /^0+$/;

/** Reads a W3C trace context; undefined for a text that is none, or whose ids are all zero. */
export const parseTraceparent = (text: string): TraceIds | undefined => {
  if (!isTraceparent(text)) return undefined;
  const [, traceId = '', spanId = '', flags = ''] = text.split('-');
  if (NO_ID.test(traceId) || NO_ID.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) };
};

/** Writes a W3C trace context of version 00. */
export const formatTraceparent = ({ traceId, spanId, traceFlags }: TraceIds): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
