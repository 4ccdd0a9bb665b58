import { redactText } from '../security/redact.ts';

/** Longest text of one fact, bytes. */
const LONGEST_FACT_BYTES = 2_048;
const LONGEST_REMEMBERED = 64;
const MOST_REMEMBERED = 2_000;

/** UUIDs and ISO times, which are in every job line, never repeat, and cannot hold a secret. */
const HARMLESS = /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)$/;

const remembered = new Map<string, string>();

/**
 * A text of a log line, redacted and bounded. Looking for secrets costs some 10 µs a text, so what cannot hold one is
 * passed, and short texts that repeat (names of jobs, queues, tenants) are looked at once.
 */
export const redactedFact = (text: string): string => {
  if (HARMLESS.test(text)) return text;
  if (text.length > LONGEST_REMEMBERED) return redactText(text, LONGEST_FACT_BYTES);
  const known = remembered.get(text);
  if (known !== undefined) return known;
  const redacted = redactText(text, LONGEST_FACT_BYTES);
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  remembered.set(text, redacted);
  return redacted;
};
