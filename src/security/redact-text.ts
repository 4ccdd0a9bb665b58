import { scanSecrets } from './secret-scan.ts';

const DEFAULT_MAX_BYTES = 512;
const ELLIPSIS = '…';

/** Longest text that one character of the result may stand for is unknown, so a window wider than the result is read. */
const windowOf = (maxBytes: number): number => maxBytes * 4 + 4_096;

const LEAST_DROPPED = 128;
const MOST_DROPPED = 1_024;

/** The start of a long text, without its last words: a secret cut in two would not be known for one. */
const headOf = (text: string, maxBytes: number): string => {
  const limit = windowOf(maxBytes);
  if (text.length <= limit) return text;
  const space = text.slice(limit - MOST_DROPPED, limit - LEAST_DROPPED).search(/\s\S*$/);
  return text.slice(0, space < 0 ? limit - MOST_DROPPED : limit - MOST_DROPPED + space);
};

/** Cuts at a character's boundary; at most `maxBytes` of UTF-8, the ellipsis included. */
const cutUtf8 = (text: string, maxBytes: number, shortened: boolean): string => {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= maxBytes && !shortened) return bytes.toString('utf8');
  let end = Math.min(bytes.length, Math.max(0, maxBytes - Buffer.byteLength(ELLIPSIS)));
  while (end > 0 && end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return maxBytes < Buffer.byteLength(ELLIPSIS) ? '' : bytes.toString('utf8', 0, end) + ELLIPSIS;
};

/** What stands in place of a secret. */
const hidden = (kind: string): string => `[redacted:${kind}]`;

const hideSecrets = (text: string): string => {
  let result = '';
  let from = 0;
  for (const { kind, start, end } of scanSecrets(text)) {
    result += text.slice(from, start) + hidden(kind);
    from = end;
  }
  return from === 0 ? text : result + text.slice(from);
};

/**
 * A text without what looks like a secret, a payment card or an e-mail address, at most `maxBytes` of UTF-8 (default
 * 512; an ellipsis says that it was longer). Takes time linear in `maxBytes`, however long or hostile the text.
 */
export const redactText = (text: string, maxBytes: number = DEFAULT_MAX_BYTES): string => {
  const head = headOf(text, maxBytes);
  return cutUtf8(hideSecrets(head), maxBytes, head.length < text.length);
};
