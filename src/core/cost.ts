import type { Problems } from './problems.ts';
import { LONGEST_NAME } from './told-facts.ts';

/** What the attempts of a job type are estimated to cost; amounts are in units of the currency, such as 0.01. */
export interface CostOptions {
  /** ISO 4217, such as `BRL`. */
  readonly currency: string;
  /** For each attempt whose handler was called; default 0. */
  readonly perAttempt?: number;
  /** For each second that the handler ran; default 0. */
  readonly perSecond?: number;
  /** For one of what the handler counts with `ctx.addCost(kind, quantity)`: `{ token: 0.000002 }`. At most 16 kinds. */
  readonly per?: Readonly<Record<string, number>>;
}

/** What attempts cost, worked out; in millionths of the currency, not rounded. */
export interface CostPolicy {
  readonly currency: string;
  readonly perAttemptMicros: number;
  readonly perSecondMicros: number;
  /** By kind. */
  readonly perMicros: ReadonlyMap<string, number>;
}

const MICROS = 1_000_000;
const MOST_KINDS = 16;
/** Longest name of a kind: it is told as the metric `cost.<kind>`. */
const LONGEST_KIND = LONGEST_NAME - 'cost.'.length;
const CURRENCY_FORM = /^[A-Z]{3}$/;

/** For programs that are not type-checked. */
const isRecord = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const amountProblem = (value: unknown, name: string): readonly string[] =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0
    ? []
    : [`${name} is ${String(value)}: give an amount in units of the currency, 0 or more`];

const kindProblems = (kind: string): readonly string[] =>
  kind.trim() !== '' && kind.length <= LONGEST_KIND
    ? []
    : [`per has a kind ${JSON.stringify(kind.slice(0, 80))}: give a name of 1 to ${LONGEST_KIND} characters`];

const problemsOf = ({
  currency,
  perAttempt = 0,
  perSecond = 0,
  per = {},
}: CostOptions): readonly string[] => [
  ...(typeof currency === 'string' && CURRENCY_FORM.test(currency)
    ? []
    : [`currency is ${JSON.stringify(currency)}: give its ISO 4217 code, such as "BRL"`]),
  ...amountProblem(perAttempt, 'perAttempt'),
  ...amountProblem(perSecond, 'perSecond'),
  ...(isRecord(per)
    ? []
    : [`per is ${JSON.stringify(per)}: give the price of each kind, such as { token: 0.000002 }`]),
  ...Object.keys(per).flatMap(kindProblems),
  ...Object.entries(per).flatMap(([kind, price]) => amountProblem(price, `per.${kind}`)),
  ...(Object.keys(per).length > MOST_KINDS
    ? [`per has ${Object.keys(per).length} kinds: at most ${MOST_KINDS} are told`]
    : []),
];

/** Works out what attempts of a job type cost; empty where nothing is said. What is wrong goes to `problems`. */
export const resolveCost = (
  options: CostOptions | undefined,
  where: string,
  problems: Problems,
): { readonly cost?: CostPolicy } => {
  if (options === undefined) return {};
  if (!isRecord(options)) {
    problems.add(
      `${where}: cost is ${JSON.stringify(options)}: give { currency, perAttempt, perSecond, per }`,
    );
    return {};
  }
  const found = problemsOf(options);
  problems.addAll(found.map((problem) => `${where}: cost.${problem}`));
  if (found.length > 0) return {};
  const { currency, perAttempt = 0, perSecond = 0, per = {} } = options;
  return {
    cost: {
      currency,
      perAttemptMicros: perAttempt * MICROS,
      perSecondMicros: perSecond * MICROS,
      perMicros: new Map(Object.entries(per).map(([kind, price]) => [kind, price * MICROS])),
    },
  };
};

/** Estimated cost of an attempt, millionths of the currency; rounded once, so that small prices add up. */
export const costMicrosOf = (
  { perAttemptMicros, perSecondMicros, perMicros }: CostPolicy,
  runMs: number,
  quantities: ReadonlyMap<string, number>,
): number => {
  let micros = perAttemptMicros + (perSecondMicros * runMs) / 1_000;
  for (const [kind, quantity] of quantities) micros += (perMicros.get(kind) ?? 0) * quantity;
  return Math.min(Math.round(micros), MOST_MICROS);
};

/** Beyond it a number is not exact, and cannot be written as a long. */
const MOST_MICROS = 2 ** 52 - 1;
