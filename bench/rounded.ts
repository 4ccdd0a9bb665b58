/** A number with three digits that count, or all digits before the point. */
export const rounded = (value: number): number =>
  Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));

/** The same as text, thousands set apart. */
export const readable = (value: number): string => rounded(value).toLocaleString('en-US');
