import type { Config } from '../config/index.ts';
import { EsteiraError } from '../core/errors.ts';
import type { BrokerAdmin } from '../core/ports/broker.ts';

/**
 * Asks Kafka whether it is there; does nothing in memory.
 *
 * @throws EsteiraError ESTEIRA_SERVICE_UNREACHABLE saying where it was looked for and how to start it.
 */
export const requireKafka = async (config: Config, admin: BrokerAdmin): Promise<void> => {
  if (config.backend === 'memory') return;
  try {
    await admin.brokerCount();
  } catch (cause) {
    const where = config.kafka.brokers.join(', ');
    throw new EsteiraError(
      'ESTEIRA_SERVICE_UNREACHABLE',
      `Kafka does not answer at ${where}: start it (\`npm run stack\` starts Kafka, a schema registry and Redis), or correct KAFKA_BROKERS`,
      { facts: { service: 'kafka', brokers: config.kafka.brokers }, cause },
    );
  }
};
