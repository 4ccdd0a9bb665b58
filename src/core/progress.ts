import { EsteiraError } from './errors.ts';

/** What a handler says of how far it is; each report stands for itself, the last one counts. */
export interface ProgressFacts {
  /** 0 to 100, what lies outside is taken as the nearer end; told as `metrics.percent`. */
  readonly percent?: number;
  /** Business dimensions, at most 32, such as `{ step: 'import' }`; told redacted. */
  readonly dimensions?: Readonly<Record<string, string>>;
  /** Business metrics, at most 32 finite numbers, such as `{ rows: 1_200 }`. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** A report as telemetry tells it. */
export interface Progress {
  readonly dimensions: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
}

const MOST_ENTRIES = 32;
const LONGEST_NAME = 64;
const LONGEST_VALUE = 256;

const refuse = (what: string): never => {
  throw new EsteiraError('ESTEIRA_HANDLER_INVALID', `ctx.progress: ${what}`);
};

const entriesOf = <T>(what: string, given: Readonly<Record<string, T>> | undefined): [string, T][] => {
  const entries = Object.entries(given ?? {});
  if (entries.length > MOST_ENTRIES) refuse(`more than ${MOST_ENTRIES} ${what}`);
  for (const [name] of entries) {
    if (name.length > LONGEST_NAME) refuse(`a name of ${what} is longer than ${LONGEST_NAME} characters`);
  }
  return entries;
};

const dimension = (name: string, value: unknown): string =>
  typeof value === 'string' && value.length <= LONGEST_VALUE
    ? value
    : refuse(`dimensions.${name} is not a text of at most ${LONGEST_VALUE} characters`);

const metric = (name: string, value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) ? value : refuse(`${name} is not a finite number`);

/**
 * A report checked, and copied: what the handler changes later is not told. It is bounded, since a record too large for
 * the telemetry topic would stop the process.
 *
 * @throws EsteiraError ESTEIRA_HANDLER_INVALID
 */
export const checkProgress = ({ percent, dimensions, metrics }: ProgressFacts): Progress => ({
  dimensions: Object.fromEntries(
    entriesOf('dimensions', dimensions).map(([name, value]) => [name, dimension(name, value)]),
  ),
  metrics: Object.fromEntries([
    ...entriesOf('metrics', metrics).map(([name, value]) => [name, metric(`metrics.${name}`, value)]),
    ...(percent === undefined ? [] : [['percent', Math.min(100, Math.max(0, metric('percent', percent)))]]),
  ]),
});
