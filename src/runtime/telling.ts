import type { Config } from '../config/index.ts';
import type { TenantResolver } from '../consumers/tenant-resolver.ts';
import type { AppDefinition } from '../core/app.ts';
import { topicsOf } from '../core/app-topics.ts';
import { systemClock } from '../core/clock.ts';
import { EsteiraError } from '../core/errors.ts';
import type { JobEvent } from '../core/generated/job-event.ts';
import { names } from '../core/names.ts';
import type { ProducerOptions, RecordProducer } from '../core/ports/broker.ts';
import type { JobTelemetry } from '../core/ports/telemetry.ts';
import type { CompositeTelemetryEmitter } from '../telemetry/emitters/composite-emitter.ts';
import { createJobLog } from '../telemetry/job-log.ts';
import { createJobTelemetry } from '../telemetry/job-telemetry.ts';
import { createLogger, type LogDestination, type Logger } from '../telemetry/logger.ts';
import { createEventMetrics } from '../telemetry/metrics/event-metrics.ts';
import type { JobMetrics } from '../telemetry/metrics/job-metrics.ts';
import { countSent } from '../telemetry/metrics/sent-messages.ts';
import { type OpenTelemetry, startOpenTelemetry } from '../telemetry/open-telemetry.ts';
import { createSilentTelemetry } from '../telemetry/silent-telemetry.ts';
import type { Backend } from './backend.ts';
import type { PendingTelemetry } from './metrics/open-metrics.ts';
import { openEmitters, TOPIC_EMITTER } from './open-emitters.ts';

/** Everything that tells: logs, metrics, traces, the telemetry topic. */
export interface Telling {
  readonly log: Logger;
  readonly openTelemetry: OpenTelemetry;
  readonly telemetry: JobTelemetry;
  /** The producer that was given, with what it sends counted. */
  readonly producer: RecordProducer;
  readonly setDeadLetters: JobMetrics['setDeadLetters'];
  /** Where events go besides the topic; undefined for nowhere. */
  readonly emitters: CompositeTelemetryEmitter | undefined;
  /** What waits to be told, and what was given up. */
  status(): readonly PendingTelemetry[];
  /** For how long the telemetry topic has acknowledged nothing although events wait for it, ms. */
  stuckMs(): number;
}

export interface TellingOptions {
  readonly app: AppDefinition;
  readonly config: Config;
  readonly service: string;
  readonly log: Logger;
  readonly backend: Backend;
  readonly producer: RecordProducer;
  /** Whether spans leave as the OTEL_* variables say. */
  readonly traces: boolean;
  readonly onJobEvent: (event: JobEvent) => void;
  readonly tenants: Pick<TenantResolver, 'tierOf'>;
  /** Whether dead letters are counted on their topics. */
  readonly countsLetters: boolean;
  /** Whether jobs are told on the telemetry topic. */
  readonly telemetry: boolean;
}

/** Telemetry may wait a little for company: nobody but the settling of its jobs waits for it. */
export const producerOptions = ({ name }: AppDefinition): ProducerOptions => ({
  gather: { topics: [names.telemetry(name)], ms: 50 },
});

/** The logger of a process, before anything else exists. */
export const openLog = (service: string, config: Config, destination?: LogDestination): Logger =>
  createLogger({ service, level: config.logLevel, ...(destination === undefined ? {} : { destination }) });

/** Wires the listeners: nobody but this room knows them all. */
export const openTelling = async (options: TellingOptions): Promise<Telling> => {
  const { app, log, service, backend } = options;
  const openTelemetry = startOpenTelemetry({ service, traces: options.traces ? 'environment' : 'off', log });
  const { families } = openTelemetry;
  const topics = topicsOf(app, { replicationFactor: 1 }).map(({ topic }) => topic);
  const producer = countSent(families, options.producer, topics);
  const metrics = createEventMetrics(families, {
    ...{ app, clock: systemClock, countsLetters: options.countsLetters },
    ...{ topTenants: options.config.topTenants, tierOf: (tenant) => options.tenants.tierOf(tenant) },
  });
  const emitters = openEmitters(app, log);
  const counted = { log, openTelemetry, producer, emitters, setDeadLetters: metrics.setDeadLetters };
  const emitted = () => emitters?.status() ?? [];
  const observers = [
    createJobLog(log, { tenantField: app.tenantLogField, ownIds: openTelemetry.ownIds }),
    metrics.observer,
    options.onJobEvent,
    ...(emitters === undefined ? [] : [(event: JobEvent) => emitters.emit(event)]),
  ];
  if (!options.telemetry) {
    refuseSilence(app, options.config);
    return {
      ...counted,
      telemetry: createSilentTelemetry(observers, log),
      status: emitted,
      stuckMs: () => 0,
    };
  }
  const telemetry = await createJobTelemetry({
    producer,
    serde: backend.serde,
    topic: names.telemetry(app.name),
    log,
    ...(app.telemetryKey === undefined ? {} : { partitionKey: app.telemetryKey }),
    observers,
  });
  return {
    ...counted,
    telemetry,
    status: () => [{ emitter: TOPIC_EMITTER, pending: telemetry.pending, dropped: {} }, ...emitted()],
    stuckMs: () => telemetry.stuckMs,
  };
};

const refuseSilence = ({ jobs }: AppDefinition, { production }: Config): void => {
  const refuse = (why: string): never => {
    throw new EsteiraError('ESTEIRA_CONFIG_INVALID', `${why}. Leave the option out.`);
  };
  if (production) refuse('NODE_ENV is production, but telemetry is false: jobs must be told there');
  // After a crash, what is told of a completion says who is still to be asked for.
  const follower = jobs.find(({ after }) => after.length > 0);
  if (follower !== undefined)
    refuse(`telemetry is false, but job ${follower.type} follows others, which needs what is told of them`);
};
