import { EsteiraError } from '../../../src/core/errors.ts';
import type { Serde } from '../../../src/core/ports/serde.ts';
import { createJobTelemetry, type JobTelemetryOptions } from '../../../src/telemetry/job-telemetry.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { scriptedProducer } from './scripted-producer.ts';

/** Knows no schema id until it was warmed, as the registry's client does. */
export const coldSerde = (): Serde & { forget(): void } => {
  const known = new Set<string>();
  return {
    warm: async (contracts) => {
      for (const { name } of contracts) known.add(name);
    },
    forget: () => known.clear(),
    encode: (contract, value) => {
      const bytes = Buffer.from(JSON.stringify(value));
      if (known.has(contract.name)) return bytes;
      return Promise.reject(new EsteiraError('ESTEIRA_REGISTRY_UNAVAILABLE', 'the registry is away'));
    },
    decode: () => ({ ok: false, code: 'TYPE_UNKNOWN', detail: '' }),
    recordName: () => undefined,
  };
};

/** Telemetry whose producer, clock, serde and log belong to the test. */
export const telemetryBundle = async (options: Partial<JobTelemetryOptions> = {}) => {
  const producer = scriptedProducer();
  const clock = manualClock();
  const log = recordingLog();
  const serde = coldSerde();
  const telemetry = await createJobTelemetry({
    producer,
    serde,
    clock,
    log,
    topic: 'shop.telemetry.jobs',
    ...options,
  });
  return { producer, clock, log, serde, telemetry };
};

/** Lets everything that waits for nothing but promises run. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
