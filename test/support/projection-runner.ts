import { createKafkaBroker } from '../../src/broker/kafka/index.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import { createProjection } from '../../src/runtime/projection/projection.ts';
import { createConfluentSource } from '../../src/serde/confluent-source.ts';
import { createSerde } from '../../src/serde/serde.ts';
import { waitFor } from './wait.ts';

// A process that projects a topic, made to be killed; it ends by itself when it has read everything, and says what it took.
const {
  KAFKA_BROKERS = '',
  SCHEMA_REGISTRY_URL = '',
  PROJECTION_NS = '',
  PROJECTION_PATH = '',
  PROJECTION_COMMIT = '',
} = process.env;
const broker = createKafkaBroker({ brokers: KAFKA_BROKERS.split(','), clientId: 'projection' }, silentLog);
const serde = createSerde({ source: createConfluentSource({ url: SCHEMA_REGISTRY_URL }) });
const projection = createProjection({
  ...{ app: PROJECTION_NS, broker, serde, clock: systemClock, log: silentLog, path: PROJECTION_PATH },
  retentionMs: 36_500 * 86_400_000,
  ...(PROJECTION_COMMIT === '' ? {} : { commitRecords: Number(PROJECTION_COMMIT) }),
});
const beganAt = performance.now();
await projection.start();
const cpu = process.cpuUsage();
process.send?.('ready');
let told = 0;
await waitFor(
  'the topic to be read',
  () => {
    const { taken, records } = projection.lag();
    if (taken !== told) process.send?.(taken);
    told = taken;
    return records === 0;
  },
  { timeoutMs: 600_000, everyMs: 5 },
);
const spent = process.cpuUsage(cpu);
const { taken } = projection.lag();
await projection.stop();
await broker.close();
process.send?.({
  taken,
  wallMs: Math.round(performance.now() - beganAt),
  cpuMs: Math.round((spent.user + spent.system) / 1_000),
  maxRssMb: Math.round(process.resourceUsage().maxRSS / 1_024),
});
process.disconnect?.();
