import { names } from '../../core/names.ts';
import type { StoreWriter } from '../../telemetry/projection/store-writer.ts';
import type { ProjectionParts } from './projection-parts.ts';

const HOUR_MS = 3_600_000;
const HORIZON_EVERY_MS = 60_000;
const GROUP_EVERY_MS = 5_000;
/** Hours of events that are deleted in one go; each hour is a commit of its own. */
const MOST_STEPS = 24;

/** What a projection does beside reading: deletes what is too old, and tells the group where it stands. */
export class Housekeeping {
  readonly #parts: ProjectionParts;
  readonly #topic: string;
  #horizonDueMs = 0;
  #groupDueMs = 0;
  #told = '';

  constructor(parts: ProjectionParts, topic: string) {
    this.#parts = parts;
    this.#topic = topic;
  }

  /** Does what is due. Between commits only. */
  async look(writer: StoreWriter): Promise<void> {
    const nowMs = this.#parts.clock.nowMs();
    if (nowMs >= this.#horizonDueMs) await this.moveHorizon(writer);
    if (nowMs >= this.#groupDueMs) await this.tellGroup(writer);
  }

  /**
   * Moves the horizon towards the end of the retention, in steps of an hour, so that a store rebuilt in the same hour has
   * the same rows.
   */
  async moveHorizon(writer: StoreWriter): Promise<void> {
    const { clock, retentionMs, log } = this.#parts;
    const nowMs = clock.nowMs();
    const wantedMs = Math.floor((nowMs - retentionMs) / HOUR_MS) * HOUR_MS;
    let deleted = 0;
    for (let step = 0; step < MOST_STEPS && writer.horizonMs < wantedMs; step++) {
      const oldestMs = await writer.oldestMs();
      const fromMs = Math.max(writer.horizonMs, Math.floor((oldestMs ?? wantedMs) / HOUR_MS) * HOUR_MS);
      deleted += await writer.moveHorizon(Math.min(wantedMs, fromMs + HOUR_MS));
    }
    this.#horizonDueMs = writer.horizonMs < wantedMs ? nowMs : nowMs + HORIZON_EVERY_MS;
    if (deleted > 0) log.info('projection.retention', { deleted, horizonMs: writer.horizonMs });
  }

  /** For those who watch lag by groups. Nothing is read from there again, so that a failure is no matter. */
  async tellGroup(writer: StoreWriter): Promise<void> {
    const { app, broker, clock, log } = this.#parts;
    this.#groupDueMs = clock.nowMs() + GROUP_EVERY_MS;
    const offsets = writer.tallies.map(({ partition, next }) => ({
      ...{ topic: this.#topic, partition, metadata: '' },
      offset: BigInt(next),
    }));
    const told = offsets.map(({ partition, offset }) => `${partition}:${offset}`).join();
    if (told === this.#told || offsets.length === 0) return;
    try {
      await broker.admin.setCommittedOffsets(names.projectionGroup(app), offsets);
      this.#told = told;
    } catch (error) {
      log.debug('projection.group_not_told', { detail: error instanceof Error ? error.message : '' });
    }
  }
}
