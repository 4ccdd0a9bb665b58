import { createMemoryBroker } from '../broker/memory/index.ts';
import type { AppDefinition } from '../core/app.ts';
import { systemClock } from '../core/clock.ts';
import type { AvroContract } from '../core/contract.ts';
import { dispatchFormat } from '../core/dispatch.ts';
import { AuditRecord } from '../core/generated/audit-record.ts';
import { JobEvent } from '../core/generated/job-event.ts';
import { JobFailed } from '../core/generated/job-failed.ts';
import type { Broker } from '../core/ports/broker.ts';
import type { WithLimits } from '../core/ports/limits.ts';
import type { OrderedStateStore } from '../core/ports/order-state.ts';
import type { WithReports } from '../core/ports/process-reports.ts';
import type { Serde } from '../core/ports/serde.ts';
import { createMemorySource } from '../serde/memory-source.ts';
import { createSerde } from '../serde/serde.ts';
import { createMemoryStateStore } from '../state/memory/memory-state-store.ts';

/** The services a process talks to. */
export interface Backend {
  readonly broker: Broker;
  readonly serde: Serde;
  readonly state: OrderedStateStore & WithLimits & WithReports;
  /** Closes them in the reverse order. Safe to call twice. */
  close(): Promise<void>;
}

/** Every Avro contract an app writes or reads, Esteira's own included. */
export const contractsOf = (app: AppDefinition): readonly AvroContract<unknown>[] => {
  const dispatched = app.jobs.flatMap((job) => {
    const format = dispatchFormat(app.name, job);
    return format?.kind === 'avro' ? [format.contract] : [];
  });
  return [...app.events.map(({ contract }) => contract), ...dispatched, JobEvent, JobFailed, AuditRecord];
};

/** A backend that lives in this process and is forgotten with it. */
export const openMemoryBackend = (app: AppDefinition): Backend => {
  const broker = createMemoryBroker();
  const state = createMemoryStateStore({ clock: systemClock });
  return {
    broker,
    state,
    serde: createSerde({ source: createMemorySource(contractsOf(app)) }),
    close: async () => {
      await broker.close();
      await state.close();
    },
  };
};
