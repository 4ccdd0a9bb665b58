import type { ReplayWriter } from '../consumers/dead-letters/index.ts';
import type { AppDefinition } from '../core/app.ts';
import { names } from '../core/names.ts';
import type { Log } from '../core/ports/log.ts';
import { createJobTelemetry } from '../telemetry/job-telemetry.ts';
import type { Backend } from './backend.ts';

/**
 * What a replay writes through: a producer of its own and the telemetry topic, without local listeners.
 *
 * @throws EsteiraError ESTEIRA_SCHEMA_NOT_REGISTERED, ESTEIRA_REGISTRY_UNAVAILABLE
 */
export const openReplayWriter = async (
  app: AppDefinition,
  { broker, serde }: Backend,
  log: Log,
): Promise<ReplayWriter> => {
  const producer = await broker.createProducer();
  const telemetry = await createJobTelemetry({ producer, serde, topic: names.telemetry(app.name), log });
  return { producer, serde, telemetry };
};
