import { checkDimensions, checkMetric, checkMetrics, type ToldFacts } from './told-facts.ts';

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
export type Progress = ToldFacts;

const CALL = 'ctx.progress';
const MOST_METRICS = 32;

/**
 * A report checked, and copied: what the handler changes later is not told. It is bounded, since a record too large for
 * the telemetry topic would stop the process.
 *
 * @throws EsteiraError ESTEIRA_HANDLER_INVALID
 */
export const checkProgress = ({ percent, dimensions, metrics }: ProgressFacts): Progress => ({
  dimensions: Object.fromEntries(checkDimensions(CALL, dimensions)),
  metrics: Object.fromEntries([
    ...checkMetrics(CALL, metrics, MOST_METRICS),
    ...(percent === undefined
      ? []
      : [['percent', Math.min(100, Math.max(0, checkMetric(CALL, 'percent', percent)))]]),
  ]),
});
