import { createKafkaBroker } from '../../src/broker/kafka/index.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import { describeBroker } from './broker.ts';

const brokers = (process.env.KAFKA_BROKERS ?? '').split(',');
const missing = { missing: 'not yet' };

describeBroker('kafka', {
  createBroker: async () => createKafkaBroker({ brokers, clientId: 'contract' }, silentLog),
  replicationFactor: 1,
  features: {
    holdAcks: missing,
    deleteRecords: missing,
    failCommits: missing,
    expelMembers: missing,
    crash: missing,
  },
});
