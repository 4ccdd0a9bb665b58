import { createMemoryBroker, MemoryCluster } from '../../../broker/memory/index.ts';
import type { AppDefinition } from '../../../core/app.ts';
import type { Broker } from '../../../core/ports/broker.ts';
import type { ConsumedRecord } from '../../../core/record.ts';
import { createMemorySource } from '../../../serde/memory-source.ts';
import { createSerde } from '../../../serde/serde.ts';
import { StateTable } from '../../../state/memory/state-table.ts';
import { contractsOf } from '../../backend.ts';
import { applyTopics } from '../../topics/index.ts';
import { VirtualClock } from '../virtual-clock.ts';

/** A moment in 2026: what is told is the same in every run. */
const START_MS = Date.UTC(2026, 0, 15, 12);

/** What outlives a process of the rehearsal: topics, state and time, all in memory and its own. */
export interface RehearsalServices {
  readonly clock: VirtualClock;
  readonly cluster: MemoryCluster;
  readonly table: StateTable;
  readonly serde: ReturnType<typeof createSerde>;
  /** The observer's own broker. */
  readonly broker: Broker;
  /** Every record of a topic, by partition. */
  read(topic: string): Promise<readonly ConsumedRecord[]>;
}

/** Opens services with the topics of an app. */
export const openServices = async (app: AppDefinition): Promise<RehearsalServices> => {
  const clock = new VirtualClock(START_MS);
  const cluster = new MemoryCluster();
  const broker = createMemoryBroker({ clock, cluster });
  await applyTopics(app, broker.admin, {});
  return {
    ...{ clock, cluster, broker, table: new StateTable(clock) },
    serde: createSerde({ source: createMemorySource(contractsOf(app)) }),
    read: async (topic) => {
      const records: ConsumedRecord[] = [];
      for (const { partition, low, high } of await broker.admin.offsetRanges(topic)) {
        const range = { topic, partition, from: low, to: high };
        await broker.admin.read(range, (record) => records.push(record) > 0);
      }
      return records;
    },
  };
};
