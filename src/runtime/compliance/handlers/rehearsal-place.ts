import type { Environment } from '../../../config/index.ts';
import { EsteiraError } from '../../../core/errors.ts';

const isSet = (text: string | undefined): boolean => text !== undefined && text.trim() !== '';

/**
 * Refuses to try handlers out where what they reach is likely to be real: in production, and where Kafka is named.
 *
 * @throws EsteiraError ESTEIRA_COMPLIANCE_REFUSED
 */
export const requireRehearsalPlace = (environment: Environment): void => {
  const refuse = (because: string): never => {
    throw new EsteiraError(
      'ESTEIRA_COMPLIANCE_REFUSED',
      `handlers are not tried out here: ${because}, so what they reach may be real. Run it in the pipeline, without these variables, on an app with adapters for tests`,
    );
  };
  const backend = environment['QUEUE_BACKEND'];
  if (environment['NODE_ENV'] === 'production') refuse('NODE_ENV is production');
  if (backend?.toLowerCase() === 'kafka') refuse('QUEUE_BACKEND is kafka');
  if (!isSet(backend) && isSet(environment['KAFKA_BROKERS'])) refuse('KAFKA_BROKERS is set');
};
