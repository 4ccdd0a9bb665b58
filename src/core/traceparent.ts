/** A W3C trace context made of two random UUIDs: sampled, version 00. */
export const newTraceparent = (traceSeed: string, spanSeed: string): string => {
  const traceId = traceSeed.replaceAll('-', '').slice(0, 32);
  const spanId = spanSeed.replaceAll('-', '').slice(0, 16);
  return `00-${traceId}-${spanId}-01`;
};

/** Whether a text is a W3C trace context of version 00. */
export const isTraceparent = (text: string): boolean =>
  /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(text);
