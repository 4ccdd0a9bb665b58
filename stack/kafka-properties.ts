/** One node's place in the cluster. */
export interface KafkaNode {
  nodeId: number;
  port: number;
  controllerPort: number;
  logDir: string;
}

/** The text of one node's `server.properties` in a cluster of one or three nodes. */
export function kafkaProperties(node: KafkaNode, cluster: readonly KafkaNode[]): string {
  const replicas = String(cluster.length);
  const inSync = cluster.length >= 3 ? '2' : '1';
  const voters = cluster.map((each) => `${each.nodeId}@127.0.0.1:${each.controllerPort}`).join(',');
  return render({
    'process.roles': 'broker,controller',
    'node.id': String(node.nodeId),
    'controller.quorum.voters': voters,
    listeners: `PLAINTEXT://127.0.0.1:${node.port},CONTROLLER://127.0.0.1:${node.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${node.port}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': node.logDir,
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    ...internalTopics(replicas, inSync),
    ...BEHAVIOUR,
    ...SMALL,
  });
}

function internalTopics(replicas: string, inSync: string): Record<string, string> {
  return {
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': '8',
    'offsets.topic.segment.bytes': '1048576',
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': '4',
    'transaction.state.log.segment.bytes': '1048576',
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'share.coordinator.state.topic.num.partitions': '4',
  };
}

/** What differs from Kafka's defaults on purpose: nothing by itself, and failures seen within seconds. */
const BEHAVIOUR = {
  'auto.create.topics.enable': 'false',
  'unclean.leader.election.enable': 'false',
  'auto.leader.rebalance.enable': 'false',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '1000',
  'broker.session.timeout.ms': '3000',
  'broker.heartbeat.interval.ms': '500',
  'replica.lag.time.max.ms': '3000',
  'controlled.shutdown.enable': 'true',
};

/** Threads and buffers for a small machine. */
const SMALL = {
  'num.network.threads': '2',
  'num.io.threads': '4',
  'num.recovery.threads.per.data.dir': '1',
  'background.threads': '2',
  'log.cleaner.dedupe.buffer.size': '16777216',
};

function render(properties: Record<string, string>): string {
  return `${Object.entries(properties)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`;
}
