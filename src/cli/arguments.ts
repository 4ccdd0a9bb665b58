import { InvalidArgumentError } from 'commander';
import { type Duration, durationMs } from '../core/duration.ts';
import { didYouMean } from '../core/nearest-name.ts';
import { parsePosition, type RecordPosition } from '../core/record.ts';

const isDuration = (text: string): text is Extract<Duration, string> =>
  /^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text);

/** A whole number from 1. */
export const parseCount = (text: string): number => {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number from 1.');
};

/** A length of time such as 30s, 5m, 6h, 8d; ms. */
export const parseDuration = (text: string): number => {
  if (isDuration(text)) return durationMs(text);
  throw new InvalidArgumentError('Give a length of time such as 30s, 5m, 6h or 8d.');
};

/** A time in ISO 8601, or how long ago (`2h`); epoch ms. */
export const parseTime = (text: string): number => {
  if (isDuration(text)) return Date.now() - durationMs(text);
  const ms = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new InvalidArgumentError('Give a time such as 2026-11-22T10:00:00Z, or how long ago such as 2h.');
};

/** A position of a record, `topic/partition/offset`. */
export const parsePositionArgument = (text: string): RecordPosition => {
  const position = parsePosition(text);
  if (position !== undefined) return position;
  throw new InvalidArgumentError(
    'Give a position as topic/partition/offset, as `esteira dlq list` shows it.',
  );
};

/** Several positions, one an argument. */
export const collectPositions = (
  text: string,
  before: readonly RecordPosition[] | undefined,
): readonly RecordPosition[] => [...(before ?? []), parsePositionArgument(text)];

/** A priority, 1 (first) to 10. */
export const parsePriority = (text: string): number => {
  if (/^([1-9]|10)$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number from 1 (first) to 10.');
};

/** One of these names. */
export const oneOf =
  (names: readonly string[]) =>
  (text: string): string => {
    if (names.includes(text)) return text;
    throw new InvalidArgumentError(`It is one of ${names.join(', ')}${didYouMean(text, names)}`);
  };
