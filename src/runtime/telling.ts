import type { Config } from '../config/index.ts';
import type { AppDefinition } from '../core/app.ts';
import { EsteiraError } from '../core/errors.ts';
import type { JobEvent } from '../core/generated/job-event.ts';
import { names } from '../core/names.ts';
import type { ProducerOptions, RecordProducer } from '../core/ports/broker.ts';
import type { JobTelemetry } from '../core/ports/telemetry.ts';
import { createJobLog } from '../telemetry/job-log.ts';
import { createJobMetrics } from '../telemetry/job-metrics.ts';
import { createJobTelemetry } from '../telemetry/job-telemetry.ts';
import { createLogger, type LogDestination, type Logger } from '../telemetry/logger.ts';
import { type OpenTelemetry, startOpenTelemetry } from '../telemetry/open-telemetry.ts';
import { createSilentTelemetry } from '../telemetry/silent-telemetry.ts';
import type { Backend } from './backend.ts';

/** Everything that tells: logs, metrics, traces, the telemetry topic. */
export interface Telling {
  readonly log: Logger;
  readonly openTelemetry: OpenTelemetry;
  readonly telemetry: JobTelemetry;
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
  const metrics = createJobMetrics(openTelemetry.families, app.jobs);
  const observers = [
    createJobLog(log, { tenantField: app.tenantLogField }),
    metrics.observer,
    options.onJobEvent,
  ];
  if (!options.telemetry) {
    refuseSilence(app, options.config);
    return { log, openTelemetry, telemetry: createSilentTelemetry(observers, log) };
  }
  const telemetry = await createJobTelemetry({
    producer: options.producer,
    serde: backend.serde,
    topic: names.telemetry(app.name),
    log,
    ...(app.telemetryKey === undefined ? {} : { partitionKey: app.telemetryKey }),
    observers,
  });
  return { log, openTelemetry, telemetry };
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
