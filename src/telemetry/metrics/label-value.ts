/** Longer values are cut: a label is a name, never a text. */
const LONGEST = 100;
const CONTROL = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]+/gu;

/** What stands where there is no value. */
export const NO_VALUE = '-';
/** What stands for all values beyond a bound. */
export const OTHER = 'other';

/** A text from outside as the value of a label: one line of at most 100 characters, never empty. */
export const labelValue = (text: string | undefined): string => {
  if (text === undefined) return NO_VALUE;
  const line = text.slice(0, LONGEST).replaceAll(CONTROL, ' ').trim();
  return line === '' ? NO_VALUE : line;
};
