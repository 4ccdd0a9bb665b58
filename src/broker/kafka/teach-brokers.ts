/** A cluster of kafkajs, as far as finding its brokers goes. */
interface FindingCluster<B> {
  findBroker(node: object): Promise<B>;
}

const canFind = <B>(cluster: object): cluster is FindingCluster<B> => 'findBroker' in cluster;

/** Makes what teaches the brokers of a cluster something: each of them once, when it is found first. */
export const teachBrokers = <B extends object>(teach: (broker: B) => void): ((cluster: object) => void) => {
  const taught = new WeakSet<object>();
  return (cluster) => {
    if (!canFind<B>(cluster) || taught.has(cluster)) return;
    taught.add(cluster);
    const original = cluster.findBroker;
    cluster.findBroker = async function (this: FindingCluster<B>, node) {
      const broker = await original.call(this, node);
      if (!taught.has(broker)) {
        taught.add(broker);
        teach(broker);
      }
      return broker;
    };
  };
};
