/** Decides by shape alone whether a text without spaces looks made by a random generator. All in one pass. */

const UPPER = 1;
const LOWER = 2;
const DIGIT = 4;
const OTHER = 8;

const classOf = (code: number): number => {
  if (code >= 97 && code <= 122) return LOWER;
  if (code >= 65 && code <= 90) return UPPER;
  if (code >= 48 && code <= 57) return DIGIT;
  return OTHER;
};

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const HEX = /^(?:0x)?[0-9a-f]+$/i;

/** Whether a text is a UUID, whole and nothing else. */
export const isUuid = (text: string): boolean => text.length === 36 && UUID.test(text);

/** Whether a token is what systems use as identifiers: a UUID, a number, a hash in hexadecimal, a ULID. */
export const isPlainId = (token: string): boolean =>
  isUuid(token) || HEX.test(token) || /^[0-9A-Z]{26}$/.test(token);

/**
 * Share of neighbours of different character classes. Random base62 has about 0.6; words, paths and camelCase names stay
 * below 0.35.
 */
const changesShare = (token: string): number => {
  let changes = 0;
  for (let index = 1; index < token.length; index += 1) {
    if (classOf(token.charCodeAt(index)) !== classOf(token.charCodeAt(index - 1))) changes += 1;
  }
  return changes / Math.max(1, token.length - 1);
};

const mixesClasses = (token: string): boolean =>
  /[a-z]/.test(token) && /[A-Z]/.test(token) && /\d/.test(token);

const PRINTABLE_SHARE = 0.95;

/** Whether base64 hides plain text: such a token is encoded, not random. */
const decodesToText = (token: string): boolean => {
  const bytes = Buffer.from(token, 'base64');
  let printable = 0;
  for (const byte of bytes) if ((byte >= 32 && byte < 127) || byte === 10 || byte === 9) printable += 1;
  return bytes.length > 0 && printable / bytes.length >= PRINTABLE_SHARE;
};

const LEAST_CHANGES = 0.38;
const LONGEST_LOOKED_AT = 512;

/** Whether a token mixes lower case, upper case and digits as only a generator does; ids of the usual kinds do not. */
export const looksRandom = (token: string): boolean => {
  const head = token.slice(0, LONGEST_LOOKED_AT);
  return (
    mixesClasses(head) && changesShare(head) >= LEAST_CHANGES && !isPlainId(head) && !decodesToText(head)
  );
};

/**
 * Whether a text is a token rather than words, where its name already says token: scattered letters and digits, or 32 or
 * more hexadecimal digits. UUIDs, ULIDs and numbers are not.
 */
export const looksLikeToken = (text: string): boolean => {
  const head = text.slice(0, LONGEST_LOOKED_AT);
  if (/^[0-9a-f]{32,}$/i.test(head)) return /[a-f]/i.test(head);
  if (/\s/.test(head) || isPlainId(head) || !/\d/.test(head) || !/[A-Za-z]/.test(head)) return false;
  return changesShare(head) >= LEAST_CHANGES;
};

/** Whether base64 text is `user:password`, as in HTTP basic authentication. */
export const isBasicPair = (token: string): boolean => {
  if (!decodesToText(token)) return false;
  return /^[^\s:]{0,200}:.+$/.test(
    Buffer.from(token.slice(0, LONGEST_LOOKED_AT), 'base64').toString('latin1'),
  );
};
