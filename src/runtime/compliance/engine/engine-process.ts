import { createMemoryBroker } from '../../../broker/memory/index.ts';
import { StartControl } from '../../../consumers/control/start-control.ts';
import { DEFAULT_ENGINE_SETTINGS } from '../../../consumers/engine-parts.ts';
import { QueueLimits } from '../../../consumers/limits/queue-limits.ts';
import { SlotScheduler } from '../../../consumers/scheduling/slot-scheduler.ts';
import { createTenantResolver } from '../../../consumers/tenant-resolver.ts';
import type { AppDefinition } from '../../../core/app.ts';
import type { JobEvent } from '../../../core/generated/job-event.ts';
import { names } from '../../../core/names.ts';
import type { RecordProducer } from '../../../core/ports/broker.ts';
import { createEventPublisher } from '../../../producers/event-publisher.ts';
import { createJobDispatcher } from '../../../producers/job-dispatcher.ts';
import { createMemoryStateStore } from '../../../state/memory/memory-state-store.ts';
import { createJobLog } from '../../../telemetry/job-log.ts';
import { createJobTelemetry } from '../../../telemetry/job-telemetry.ts';
import { createLogger, type Logger } from '../../../telemetry/logger.ts';
import { createJobMetrics } from '../../../telemetry/metrics/job-metrics.ts';
import { createMetricsRegistry } from '../../../telemetry/metrics/registry.ts';
import { createWorkers } from '../../worker-pool.ts';
import { mortal } from './mortal.ts';
import type { RehearsalServices } from './services.ts';

/** The technical identity of the rehearsal. */
export const SERVICE = 'compliance-rehearsal';
const IDENTITY = { service: SERVICE, host: 'rehearsal' };
const SLOTS = 10;
const A_YEAR_MS = 31_536_000_000;

/** A process of an app on the rehearsal's services: the real engine, with nobody else's parts. */
export interface EngineProcess {
  readonly producer: RecordProducer;
  readonly publish: ReturnType<typeof createEventPublisher>;
  readonly dispatch: ReturnType<typeof createJobDispatcher>;
  /** What it told, at once. */
  readonly told: readonly JobEvent[];
  /** Its log lines, as they were written. */
  readonly lines: readonly string[];
  /** Why it could not go on; empty when all is well. */
  readonly fatal: readonly Error[];
  /** Its metrics in the Prometheus text format. */
  metrics(): Promise<string>;
  /** From now on nothing it asks of the state is done, or answered: nobody knows what it has done since. */
  die(): void;
  /** Dies, and leaves its groups. */
  close(): Promise<void>;
}

const openTelling = async (
  app: AppDefinition,
  services: RehearsalServices,
  producer: RecordProducer,
  log: Logger,
  told: JobEvent[],
) => {
  const registry = createMetricsRegistry();
  const { telemetryKey } = app;
  const telemetry = await createJobTelemetry({
    ...{ producer, serde: services.serde, topic: names.telemetry(app.name), log, clock: services.clock },
    ...(telemetryKey === undefined ? {} : { partitionKey: telemetryKey }),
    observers: [
      createJobLog(log, { tenantField: app.tenantLogField }),
      createJobMetrics(registry.families, app.jobs).observer,
      (event) => void told.push(event),
    ],
  });
  return { registry, telemetry };
};

/** Starts a process of the app. */
export const startProcess = async (
  app: AppDefinition,
  services: RehearsalServices,
): Promise<EngineProcess> => {
  const { clock, cluster, serde, table } = services;
  const lines: string[] = [];
  const told: JobEvent[] = [];
  const fatal: Error[] = [];
  const onError = (error: unknown): void =>
    void fatal.push(error instanceof Error ? error : new Error(String(error)));
  const log = createLogger({
    ...{ service: SERVICE, level: 'debug', destination: { write: (line) => void lines.push(line) } },
  });
  const broker = createMemoryBroker({ clock, cluster });
  const { alive: state, die } = mortal(createMemoryStateStore({ clock, table }));
  const producer = await broker.createProducer();
  const { registry, telemetry } = await openTelling(app, services, producer, log, told);
  const tenants = createTenantResolver(app.tenants, clock);
  const slots = new SlotScheduler({ size: SLOTS, queues: [...app.queues.values()] });
  const limits = new QueueLimits({ app, store: state.limits, clock, log, slots, tenants, onError });
  const parts = { app, broker, producer, state, serde, telemetry, clock, log, identity: IDENTITY };
  const workers = createWorkers(
    {
      ...{ ...parts, tenants, slots, limits, control: new StartControl(), onFatal: onError },
      // Nothing is read twice here, and timers that come again and again would make a day of waiting long.
      settings: { ...DEFAULT_ENGINE_SETTINGS, commitEveryMs: A_YEAR_MS },
    },
    {},
  );
  await workers.start();
  const close = async (): Promise<void> => {
    die();
    await broker.close();
  };
  return {
    ...{ producer, told, lines, fatal, die, close },
    publish: createEventPublisher({ ...parts, ...IDENTITY }),
    dispatch: createJobDispatcher({ ...parts, ...IDENTITY }),
    metrics: () => registry.text(),
  };
};
