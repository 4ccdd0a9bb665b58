import { EsteiraError, isEsteiraError } from '../core/errors.ts';
import type { JobDefinition } from '../core/job.ts';
import type { AttemptEnd, ReportFacts, ReportSource } from '../core/report.ts';
import { checkDimensions, checkMetrics, MOST_DIMENSIONS, refuseTold } from '../core/told-facts.ts';

const CALL = 'ctx.report';
/** Most metrics of one attempt, its quantities of cost apart. */
const MOST_METRICS = 64;
/** More of one kind cannot be counted exactly. */
const MOST_QUANTITY = 2 ** 52;
const INVALID = 'report.invalid';

/** What the handler of one run says of its attempt as a whole, for its terminal event. */
export class RunReport {
  readonly #job: Pick<JobDefinition<unknown>, 'type' | 'cost'>;
  readonly #dimensions = new Map<string, string>();
  readonly #metrics = new Map<string, number>();
  readonly #quantities = new Map<string, number>();
  readonly #sources: ReportSource[] = [];
  readonly #onSaid: () => void;
  #ended = false;

  /** `onSaid`: called after each thing that was said. */
  constructor(job: Pick<JobDefinition<unknown>, 'type' | 'cost'>, onSaid: () => void = () => undefined) {
    this.#job = job;
    this.#onSaid = onSaid;
  }

  /** Takes a report; a name said again has its last value. @throws EsteiraError ESTEIRA_HANDLER_INVALID */
  report(given: ReportFacts | ReportSource): void {
    this.#mustRun(CALL);
    if (typeof given === 'function') this.#addSource(given);
    else this.#take(given);
  }

  /** Counts what costs. @throws EsteiraError ESTEIRA_HANDLER_INVALID */
  addCost(kind: string, quantity: number): void {
    this.#mustRun('ctx.addCost');
    if (this.#job.cost?.perMicros.has(kind) !== true) this.#refuseKind(kind);
    const sum = (this.#quantities.get(kind) ?? 0) + quantity;
    if (!(quantity >= 0) || sum > MOST_QUANTITY)
      refuseTold('ctx.addCost', `the quantity of ${kind} is ${quantity}: give a number of 0 or more`);
    this.#quantities.set(kind, sum);
    this.#onSaid();
  }

  /** The handler has ended: those who wanted to be asked are. */
  end(end: AttemptEnd): void {
    if (this.#ended) return;
    for (const source of this.#sources) this.#ask(source, end);
    this.#ended = true;
  }

  /** What the handler said. */
  get facts(): Required<ReportFacts> {
    return { dimensions: Object.fromEntries(this.#dimensions), metrics: Object.fromEntries(this.#metrics) };
  }

  get dimensions(): ReadonlyMap<string, string> {
    return this.#dimensions;
  }

  get metrics(): ReadonlyMap<string, number> {
    return this.#metrics;
  }

  /** What it counted, by kind of cost. */
  get quantities(): ReadonlyMap<string, number> {
    return this.#quantities;
  }

  #refuseKind(kind: string): void {
    const { type, cost } = this.#job;
    const kinds = [...(cost?.perMicros.keys() ?? [])];
    const known = kinds.length === 0 ? 'it has none' : `it has ${kinds.join(', ')}`;
    refuseTold(
      'ctx.addCost',
      `job ${type} has no price of ${JSON.stringify(kind)} (${known}): add it to cost.per`,
    );
  }

  #mustRun(call: string): void {
    if (!this.#ended) return;
    throw new EsteiraError(
      'ESTEIRA_HANDLER_INVALID',
      `${call} was called after the run had ended: wait for all that the handler starts`,
    );
  }

  #addSource(source: ReportSource): void {
    if (this.#sources.length >= MOST_DIMENSIONS) refuseTold(CALL, `more than ${MOST_DIMENSIONS} functions`);
    this.#sources.push(source);
  }

  #take({ dimensions, metrics }: ReportFacts): void {
    const newDimensions = checkDimensions(CALL, dimensions);
    const newMetrics = checkMetrics(CALL, metrics, MOST_METRICS);
    if (grown(this.#dimensions, newDimensions) > MOST_DIMENSIONS)
      refuseTold(CALL, `more than ${MOST_DIMENSIONS} dimensions in all`);
    if (grown(this.#metrics, newMetrics) > MOST_METRICS)
      refuseTold(CALL, `more than ${MOST_METRICS} metrics in all`);
    for (const [name, value] of newDimensions) this.#dimensions.set(name, value);
    for (const [name, value] of newMetrics) this.#metrics.set(name, value);
    this.#onSaid();
  }

  /** The attempt is over, so what is not fit is counted, and the rest told. */
  #ask(source: ReportSource, end: AttemptEnd): void {
    let facts: ReportFacts = {};
    try {
      const given: unknown = source(end);
      if (isFacts(given)) facts = given;
      else this.#countInvalid();
    } catch {
      // It is the app's own, and its error has nobody to go to any more: that it failed is told.
      this.#countInvalid();
    }
    for (const [name, value] of Object.entries(facts.dimensions ?? {}))
      this.#takeFit({ dimensions: { [name]: value } });
    for (const [name, value] of Object.entries(facts.metrics ?? {}))
      this.#takeFit({ metrics: { [name]: value } });
  }

  #takeFit(one: ReportFacts): void {
    try {
      this.#take(one);
    } catch (error) {
      if (!isEsteiraError(error, 'ESTEIRA_HANDLER_INVALID')) throw error;
      this.#countInvalid();
    }
  }

  #countInvalid(): void {
    this.#metrics.set(INVALID, (this.#metrics.get(INVALID) ?? 0) + 1);
  }
}

/** For programs that are not type-checked: a promise comes too late, and nothing is no report. */
const isFacts = (given: unknown): given is ReportFacts =>
  typeof given === 'object' && given !== null && !(given instanceof Promise);

const grown = (known: ReadonlyMap<string, unknown>, added: readonly (readonly [string, unknown])[]): number =>
  added.reduce((size, [name]) => size + (known.has(name) ? 0 : 1), known.size);
