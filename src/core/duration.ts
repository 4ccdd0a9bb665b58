import { EsteiraError } from './errors.ts';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A length of time: milliseconds, or text such as `100ms`, `30s`, `5m`, `6h`, `8d`. */
export type Duration = number | `${number}${keyof typeof UNIT_MS}`;

const isUnit = (text: string): text is keyof typeof UNIT_MS => Object.hasOwn(UNIT_MS, text);

/** Milliseconds of a duration. @throws EsteiraError ESTEIRA_DEFINITION_INVALID naming `what`. */
export const durationMs = (duration: Duration, what = 'duration'): number => {
  if (typeof duration === 'number') {
    if (Number.isFinite(duration) && duration >= 0) return Math.round(duration);
  } else {
    const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration) ?? [];
    if (isUnit(unit)) return Math.round(Number(amount) * UNIT_MS[unit]);
  }
  throw new EsteiraError(
    'ESTEIRA_DEFINITION_INVALID',
    `${what} is ${JSON.stringify(duration)}: give milliseconds as a number, or text such as 100ms, 30s, 5m, 6h, 8d`,
  );
};

/** As {@link durationMs}, and never 0. @throws EsteiraError ESTEIRA_DEFINITION_INVALID naming `what`. */
export const lastingMs = (duration: Duration, what: string): number => {
  const ms = durationMs(duration, what);
  if (ms > 0) return ms;
  throw new EsteiraError('ESTEIRA_DEFINITION_INVALID', `${what} is 0: give a time that lasts`);
};

/**
 * The one canonical name of a delay, used in topic names: the largest unit up to hours that divides it
 * (`60s` is `1m`, `24h` stays `24h`).
 */
export const durationName = (ms: number): string => {
  for (const unit of ['h', 'm', 's'] as const) {
    if (ms >= UNIT_MS[unit] && ms % UNIT_MS[unit] === 0) return `${ms / UNIT_MS[unit]}${unit}`;
  }
  return `${ms}ms`;
};

/** A delay for people: as its name, but whole days as days (`30d`, where its topic would be `720h`). */
export const durationText = (ms: number): string =>
  ms >= UNIT_MS.d && ms % UNIT_MS.d === 0 ? `${ms / UNIT_MS.d}d` : durationName(ms);
