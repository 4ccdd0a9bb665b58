import type { JobEvent } from '../../core/generated/job-event.ts';
import type { JobEventObserver } from '../observer-fan.ts';
import { labelValue, OTHER } from './label-value.ts';
import type { Count, CountFamily, MetricFamilies } from './metric-families.ts';

/** Combinations of job type, marketplace, category and region that have numbers of their own. */
const MOST_COMBINATIONS = 200;

const STATUSES = ['valid', 'error', 'warning'] as const;
type RecordCounts = Readonly<Record<(typeof STATUSES)[number], Count>>;

const REPORTED = { valid: 'records_valid', error: 'records_error', warning: 'records_warning' } as const;

interface Place {
  readonly jobType: string;
  readonly marketplace: string;
  readonly category: string;
  readonly region: string;
}

const placeOf = ({ jobType, dimensions }: JobEvent): Place => ({
  jobType,
  marketplace: labelValue(dimensions['marketplace']),
  category: labelValue(dimensions['category']),
  region: labelValue(dimensions['region']),
});

const elsewhere = (jobType: string): Place => ({
  jobType,
  marketplace: OTHER,
  category: OTHER,
  region: OTHER,
});

/** Asked of every job, and most report nothing. */
const reportsRecords = (metrics: JobEvent['metrics']): boolean =>
  metrics[REPORTED.valid] !== undefined ||
  metrics[REPORTED.error] !== undefined ||
  metrics[REPORTED.warning] !== undefined;

/** The numbers of each place; of places beyond the bound, one for each job type. */
class Places {
  readonly #family: CountFamily;
  readonly #known = new Map<string, RecordCounts>();

  constructor(family: CountFamily) {
    this.#family = family;
  }

  of(place: Place): RecordCounts {
    const known = this.#known.get(JSON.stringify(place));
    if (known !== undefined) return known;
    return this.#get(this.#known.size < MOST_COMBINATIONS ? place : elsewhere(place.jobType));
  }

  #get(place: Place): RecordCounts {
    const key = JSON.stringify(place);
    const counts = this.#known.get(key) ?? this.#make(place);
    this.#known.set(key, counts);
    return counts;
  }

  #make({ jobType, ...place }: Place): RecordCounts {
    const of = (status: string): Count => this.#family.of({ job_type: jobType, ...place, status });
    return { valid: of('valid'), error: of('error'), warning: of('warning') };
  }
}

/**
 * Records that completed jobs report as valid, in error or with warnings, by marketplace, category and region. A failed
 * attempt's are not counted: another attempt counts them again.
 */
export const createBusinessMetrics = (families: MetricFamilies): JobEventObserver => {
  const places = new Places(
    families.counts('counter', {
      name: 'esteira_business_records_total',
      description: 'Records that completed jobs reported, by what was found of them.',
    }),
  );
  return (event) => {
    const { metrics } = event;
    if (!reportsRecords(metrics)) return;
    const counts = places.of(placeOf(event));
    for (const status of STATUSES) {
      const reported = metrics[REPORTED[status]] ?? 0;
      if (reported > 0 && Number.isFinite(reported)) counts[status].value += reported;
    }
  };
};
