import type { BrokerAdmin } from '../../core/ports/broker.ts';
import type { Log } from '../../core/ports/log.ts';
import type { ConsumedRecord } from '../../core/record.ts';

/** The latest that stands on the control topic about one subject. */
export interface ControlEntry {
  readonly subject: string;
  readonly offset: bigint;
  /** Epoch ms, the writer's. */
  readonly timestampMs: number;
  /** JSON as it was written, not yet checked. */
  readonly value: unknown;
}

export interface ControlReaderParts {
  readonly topic: string;
  readonly admin: BrokerAdmin;
  readonly log: Log;
  /** Which subjects to keep in memory; default all. */
  readonly keeps?: (subject: string) => boolean;
}

/** A reader that stood still for longer may have missed a subject that was taken away: it begins anew. */
const LONGEST_GAP_MS = 3_600_000;

const parsed = (bytes: Buffer): { readonly value: unknown } | undefined => {
  try {
    return { value: JSON.parse(bytes.toString('utf8')) };
  } catch {
    return undefined;
  }
};

/** What the control topic says now, read on from where the last look ended. A look without news is one request. */
export class ControlReader {
  readonly #parts: ControlReaderParts;
  #entries = new Map<string, ControlEntry>();
  #next = 0n;
  #lookedAtMs: number | undefined;
  #looking: Promise<unknown> = Promise.resolve();

  constructor(parts: ControlReaderParts) {
    this.#parts = parts;
  }

  /** As of the last look. */
  get entries(): ReadonlyMap<string, ControlEntry> {
    return this.#entries;
  }

  /** The offset behind the last record that was read. */
  get position(): bigint {
    return this.#next;
  }

  /**
   * Reads to the end of the topic as it stands now; looks asked for meanwhile follow one another. Answers whether
   * anything that is kept has changed.
   *
   * @throws EsteiraError ESTEIRA_TOPICS_DIFFER (there is no such topic), ESTEIRA_SERVICE_UNREACHABLE,
   *   ESTEIRA_BROKER_UNAVAILABLE
   */
  look(nowMs: number): Promise<boolean> {
    const look = this.#looking.then(() => this.#look(nowMs));
    this.#looking = look.catch(() => undefined);
    return look;
  }

  async #look(nowMs: number): Promise<boolean> {
    const { topic, admin } = this.#parts;
    const [range] = await admin.offsetRanges(topic);
    const { low, high } = range ?? { low: 0n, high: 0n };
    const changed = this.#isUnfit(nowMs, high) ? await this.#readAnew(low, high) : await this.#readOn(high);
    this.#lookedAtMs = nowMs;
    return changed;
  }

  /** Whether what was read does not tell what stands: nothing was, too long ago, or the topic was made anew. */
  #isUnfit(nowMs: number, high: bigint): boolean {
    const before = this.#lookedAtMs;
    return before === undefined || nowMs - before > LONGEST_GAP_MS || this.#next > high;
  }

  /** What stood before goes on standing until all is read. */
  async #readAnew(low: bigint, high: bigint): Promise<boolean> {
    const entries = new Map<string, ControlEntry>();
    await this.#read(entries, low, high);
    const hadSome = this.#entries.size > 0;
    this.#entries = entries;
    this.#next = high;
    return hadSome || entries.size > 0;
  }

  async #readOn(high: bigint): Promise<boolean> {
    if (this.#next >= high) return false;
    const changed = await this.#read(this.#entries, this.#next, high);
    this.#next = high;
    return changed;
  }

  async #read(entries: Map<string, ControlEntry>, from: bigint, to: bigint): Promise<boolean> {
    let changed = false;
    await this.#parts.admin.read({ topic: this.#parts.topic, partition: 0, from, to }, (record) => {
      changed = this.#take(entries, record) || changed;
      return true;
    });
    return changed;
  }

  #take(entries: Map<string, ControlEntry>, { key, value, offset, timestampMs }: ConsumedRecord): boolean {
    const subject = key?.toString('utf8');
    if (subject === undefined || this.#parts.keeps?.(subject) === false) return false;
    if (value === null) return entries.delete(subject);
    const read = parsed(value);
    if (read === undefined) {
      // What stood before goes on standing: a record nobody can read must not lift a pause.
      const facts = { topic: this.#parts.topic, offset: String(offset) };
      this.#parts.log.warn('a record of the control topic is not JSON and is passed over', facts);
      return false;
    }
    entries.set(subject, { subject, offset, timestampMs, value: read.value });
    return true;
  }
}
