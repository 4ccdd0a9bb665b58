import type { JobEvent } from './generated/job-event.ts';
import type { JobContext } from './job.ts';
import type { AttemptEnd, ReportFacts } from './report.ts';
import { LONGEST_NAME, refuseTold } from './told-facts.ts';

/** What a validation of records measured; the names are those of the marketplace document. */
export interface ValidationMetrics {
  /** Size of what was processed, bytes. */
  readonly payload_size_bytes: number;
  readonly records_total: number;
  readonly records_valid: number;
  readonly records_error: number;
  readonly records_warning: number;
  /** How many errors each field had. */
  readonly errors_by_field: Readonly<Record<string, number>>;
  /** How long the work took, ms. */
  readonly processing_time_ms: number;
  /** From when the work was asked for to its end, ms. */
  readonly latency_ms: number;
  readonly marketplace: string;
  readonly category: string;
  readonly region: string;
  /** The rules it was held against, such as `vtex-2026-10`. */
  readonly ruleset: string;
}

/** Where the records come from and what they are held against; what is not known is left out. */
export type ValidationContext = Partial<
  Pick<ValidationMetrics, 'marketplace' | 'category' | 'region' | 'ruleset'>
>;

/** Fields told by name; the others are told together, as `errors_by_field.other`. */
const MOST_FIELDS = 16;
/** Fields counted by name: names may come from data. */
const MOST_COUNTED = 1_000;
const BY_FIELD = 'errors_by_field.';
const OTHER = 'other';

/** A share of all records, 0 to 1; 0 where none was counted. */
const rate = (part: number, total: number): number => (total > 0 ? part / total : 0);

/** The fields with most errors under their names, the rest as `other`: however many fields data has, the event is bounded. */
const fieldMetrics = (errors: Readonly<Record<string, number>>): Record<string, number> => {
  const told = new Map<string, number>();
  const ranked = Object.entries(errors)
    .filter(([, count]) => count > 0)
    .sort(([nameA, a], [nameB, b]) => b - a || (nameA < nameB ? -1 : 1));
  ranked.forEach(([field, count], rank) => {
    const name = BY_FIELD + (rank < MOST_FIELDS ? field.slice(0, LONGEST_NAME - BY_FIELD.length) : OTHER);
    told.set(name, (told.get(name) ?? 0) + count);
  });
  return Object.fromEntries(told);
};

/** Validation metrics as a report: with `error_rate` and `warning_rate`, and `errors_by_field.<field>` of the worst 16. */
export const validationReport = (metrics: ValidationContext & Partial<ValidationMetrics>): ReportFacts => {
  const { marketplace, category, region, ruleset, errors_by_field = {}, ...numbers } = metrics;
  const { records_total = 0, records_error = 0, records_warning = 0 } = numbers;
  const dimensions = { marketplace, category, region, ruleset };
  return {
    dimensions: Object.fromEntries(
      Object.entries(dimensions).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
    metrics: {
      ...numbers,
      error_rate: rate(records_error, records_total),
      warning_rate: rate(records_warning, records_total),
      ...fieldMetrics(errors_by_field),
    },
  };
};

const amount = (call: string, value: number): number =>
  Number.isFinite(value) && value >= 0 ? value : refuseTold(`metrics.${call}`, `${value} is not 0 or more`);

/**
 * Counts what a handler validates, and tells it at the end of the attempt, also of one that fails:
 * `const metrics = new MetricsCollector(ctx, { marketplace, category, region, ruleset })`.
 *
 * Each record is counted once, as valid, as one with a warning, or as one with errors; `records_total` is their sum.
 * Counting throws EsteiraError ESTEIRA_HANDLER_INVALID for what is no number from 0.
 */
export class MetricsCollector {
  readonly #context: ValidationContext;
  readonly #eventTimeMs: number;
  readonly #errors = new Map<string, number>();
  #bytes = 0;
  #valid = 0;
  #warning = 0;
  #error = 0;
  #processingMs: number | undefined;

  constructor(ctx: Pick<JobContext, 'report' | 'eventTimeMs'>, context: ValidationContext = {}) {
    this.#context = context;
    this.#eventTimeMs = ctx.eventTimeMs;
    ctx.report((end) => validationReport(this.measured(end)));
  }

  /** Adds to the size of what is processed, bytes. */
  payloadSize(bytes: number): void {
    this.#bytes += amount('payloadSize', bytes);
  }

  /** Counts records without a fault. */
  valid(count = 1): void {
    this.#valid += amount('valid', count);
  }

  /** Counts records that can be used, but were remarked on. */
  warning(count = 1): void {
    this.#warning += amount('warning', count);
  }

  /** Counts one record that cannot be used, and an error for each field of it that is at fault. */
  error(...fields: readonly string[]): void {
    this.#error += 1;
    for (const field of new Set(fields)) this.#countField(field);
  }

  #countField(field: string): void {
    const counted = this.#errors.get(field);
    const name = counted !== undefined || this.#errors.size < MOST_COUNTED ? field : OTHER;
    this.#errors.set(name, (this.#errors.get(name) ?? 0) + 1);
  }

  /** Says how long the work took, ms; default how long the handler ran. */
  processingTime(ms: number): void {
    this.#processingMs = amount('processingTime', ms);
  }

  /** What was counted so far, as of `end`. */
  measured({
    runMs,
    atMs,
  }: AttemptEnd): ValidationContext & Omit<ValidationMetrics, keyof ValidationContext> {
    return {
      ...this.#context,
      payload_size_bytes: this.#bytes,
      records_total: this.#valid + this.#warning + this.#error,
      records_valid: this.#valid,
      records_error: this.#error,
      records_warning: this.#warning,
      errors_by_field: Object.fromEntries(this.#errors),
      processing_time_ms: this.#processingMs ?? runMs,
      latency_ms: Math.max(0, atMs - this.#eventTimeMs),
    };
  }
}

const part = (value: string | undefined): string =>
  value === undefined || value === '' ? '-' : value.replaceAll(':', '_');

/**
 * Keys telemetry by `marketplace:category:region`, for `defineApp({ telemetryKey: marketplaceKey })`: what is not known
 * is `-`, and a colon inside of a part is `_`.
 */
export const marketplaceKey = ({ dimensions }: Pick<JobEvent, 'dimensions'>): string =>
  `${part(dimensions['marketplace'])}:${part(dimensions['category'])}:${part(dimensions['region'])}`;
