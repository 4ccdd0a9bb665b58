import { createKafkaBroker } from '../../src/broker/kafka/index.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import { describeBroker } from './broker.ts';
import { RealKafka } from './kafka/real-kafka.ts';
import { WireFaults } from './kafka/wire-faults.ts';

const kafka = new RealKafka();
const faults = new WireFaults();

describeBroker('kafka', {
  createBroker: async () =>
    createKafkaBroker(
      { brokers: kafka.brokers, clientId: 'contract', socketFactory: faults.socketFactory },
      silentLog,
    ),
  replicationFactor: 1,
  features: {
    holdAcks: { hold: (topic) => faults.holdAcks(topic), release: () => faults.releaseAcks() },
    deleteRecords: (at, before) => kafka.deleteRecords(at, before),
    failCommits: { start: () => faults.refuseCommits(true), end: () => faults.refuseCommits(false) },
    expelMembers: (groupId) => kafka.expelMembers(groupId),
    crash: (groupId) => faults.forbid(groupId),
  },
});
