import { createMemoryBroker, MemoryCluster, memoryFaults } from '../../src/broker/memory/index.ts';
import { describeBroker } from './broker.ts';

const cluster = new MemoryCluster();
const faults = memoryFaults(cluster);

describeBroker('memory', {
  createBroker: async () => createMemoryBroker({ cluster }),
  replicationFactor: 1,
  features: {
    holdAcks: { hold: (topic) => faults.holdAcks(topic), release: () => faults.releaseAcks() },
    deleteRecords: (at, before) => faults.deleteRecords(at, before),
    failCommits: { start: () => faults.failCommits(true), end: () => faults.failCommits(false) },
    expelMembers: (groupId) => faults.rebalance(groupId, { newMembers: true }),
    crash: (groupId) => faults.crash(groupId),
  },
});
