/** What a text contains, as bits: a cheap look that spares most texts the expensive ones. */
export const FEATURE = {
  /** 16 or more characters in a row of those that tokens are made of. */
  run16: 1,
  /** 32 or more of them. */
  run32: 2,
  /** A colon or an equals sign. */
  assign: 4,
  at: 8,
  dot: 16,
  space: 32,
  /** 14 digits or more in all. */
  digits14: 64,
  /** Five hyphens in a row. */
  rule: 128,
} as const;

const RUN = 256;
const NUMBER = 512;
const HYPHEN = 1_024;

const PUNCTUATION: Readonly<Record<string, number>> = {
  '\t': FEATURE.space,
  '\n': FEATURE.space,
  '\r': FEATURE.space,
  ' ': FEATURE.space,
  '.': FEATURE.dot,
  ':': FEATURE.assign,
  '=': FEATURE.assign,
  '@': FEATURE.at,
};

/** What each ASCII character is, and the feature it alone makes. */
const CHARACTERS: Uint16Array = Uint16Array.from({ length: 128 }, (_, code) => {
  const text = String.fromCharCode(code);
  const part = /[A-Za-z0-9_\-+/=]/.test(text) ? RUN : 0;
  return part | (/\d/.test(text) ? NUMBER : 0) | (text === '-' ? HYPHEN : 0) | (PUNCTUATION[text] ?? 0);
});

const FEATURES = 255;

/** The features of a text, in one pass. */
export const featuresOf = (text: string): number => {
  let features = 0;
  let run = 0;
  let hyphens = 0;
  let digits = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    const character = code < 128 ? (CHARACTERS[code] ?? 0) : 0;
    features |= character;
    run = (character & RUN) === 0 ? 0 : run + 1;
    hyphens = (character & HYPHEN) === 0 ? 0 : hyphens + 1;
    if ((character & NUMBER) !== 0) digits += 1;
    if (run === 16) features |= FEATURE.run16;
    if (run === 32) features |= FEATURE.run32;
    if (hyphens === 5) features |= FEATURE.rule;
  }
  return (digits >= 14 ? features | FEATURE.digits14 : features) & FEATURES;
};
