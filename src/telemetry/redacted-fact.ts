import { redactText } from '../security/redact.ts';

/** Longest text of one fact, bytes. */
const LONGEST_FACT_BYTES = 2_048;
const LONGEST_REMEMBERED = 64;
const MOST_REMEMBERED = 2_000;

/** UUIDs and ISO times, which are in every job line, never repeat, and cannot hold a secret. */
const HARMLESS = /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)$/;

/** What a terminal or a viewer obeys: line ends, escape sequences, marks that turn the direction of writing. */
const OBEYED = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

const spelled = (sign: string): string =>
  sign === '\n' ? '\\n' : `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Control signs as they are written in a program, so that a text can forge neither a line nor a colour. */
const visible = (text: string): string => text.replaceAll(OBEYED, spelled);

const redacted = (text: string): string => visible(redactText(text, LONGEST_FACT_BYTES));

const remembered = new Map<string, string>();

/**
 * A text of a log line, redacted, bounded, and without signs that are obeyed. Looking for secrets costs some 10 µs a
 * text, so what cannot hold one is passed, and short texts that repeat (names of jobs, queues, tenants) are looked at
 * once.
 */
export const redactedFact = (text: string): string => {
  if (HARMLESS.test(text)) return text;
  if (text.length > LONGEST_REMEMBERED) return redacted(text);
  const known = remembered.get(text);
  if (known !== undefined) return known;
  const made = redacted(text);
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  remembered.set(text, made);
  return made;
};
