import type { Clock } from '../../core/clock.ts';
import type { Broker } from '../../core/ports/broker.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Serde } from '../../core/ports/serde.ts';
import type { ProjectionStore } from '../../telemetry/projection/store.ts';

/** What a projection is made of. */
export interface ProjectionParts {
  /** The app's name. */
  readonly app: string;
  readonly broker: Broker;
  readonly serde: Serde;
  readonly clock: Clock;
  readonly log: Log;
  /** The DuckDB file, or `:memory:`. */
  readonly path: string;
  /** How old an event may be, ms. */
  readonly retentionMs: number;
  /** Records of one commit, at most; default 122,880: a row group of the store, which need not be written twice then. */
  readonly commitRecords?: number;
  /** What else lives as long as the store is open, on connections of its own. */
  readonly beside?: (store: ProjectionStore) => Promise<{ close(): Promise<void> }>;
}
