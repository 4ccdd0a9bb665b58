import { describe, expect, it } from 'vitest';
import { clusterOf } from '../../../stack/kafka.ts';
import { kafkaProperties } from '../../../stack/kafka-properties.ts';

const propertiesOf = (ports: number[]) => {
  const cluster = clusterOf(ports, '/data');
  return cluster.map((node) => {
    const lines = kafkaProperties(node, cluster).trimEnd().split('\n');
    const pairs = lines.map((line): [string, string] => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)];
    });
    expect(new Set(pairs.map(([name]) => name)).size, 'no property twice').toBe(pairs.length);
    return Object.fromEntries(pairs);
  });
};

describe('the properties of Kafka nodes', () => {
  it('make one node a whole cluster with single copies', () => {
    const [node] = propertiesOf([9001, 9002]);
    expect(node).toMatchObject({
      'node.id': '1',
      'controller.quorum.voters': '1@127.0.0.1:9002',
      'advertised.listeners': 'PLAINTEXT://127.0.0.1:9001',
      'offsets.topic.replication.factor': '1',
      'min.insync.replicas': '1',
      'log.dirs': '/data/kafka-1',
    });
  });

  it('make three nodes a quorum in which one may die: three copies, two of them in sync', () => {
    const nodes = propertiesOf([9001, 9002, 9003, 9004, 9005, 9006]);
    expect(nodes.map((node) => node['node.id'])).toEqual(['1', '2', '3']);
    for (const node of nodes) {
      expect(node).toMatchObject({
        'controller.quorum.voters': '1@127.0.0.1:9002,2@127.0.0.1:9004,3@127.0.0.1:9006',
        'default.replication.factor': '3',
        'offsets.topic.replication.factor': '3',
        'transaction.state.log.replication.factor': '3',
        'transaction.state.log.min.isr': '2',
        'share.coordinator.state.topic.replication.factor': '3',
        'min.insync.replicas': '2',
      });
    }
  });

  it('let nothing happen by itself: no topics made, no unclean leader, no leader moved back', () => {
    const [node] = propertiesOf([9001, 9002]);
    expect(node).toMatchObject({
      'auto.create.topics.enable': 'false',
      'unclean.leader.election.enable': 'false',
      'auto.leader.rebalance.enable': 'false',
    });
  });

  it('listen on loopback only', () => {
    const [node] = propertiesOf([9001, 9002]);
    expect(node?.['listeners']).toBe('PLAINTEXT://127.0.0.1:9001,CONTROLLER://127.0.0.1:9002');
  });
});
