import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { createKafkaBroker } from '../../src/broker/kafka/index.ts';
import { createMemoryBroker } from '../../src/broker/memory/index.ts';
import { systemClock } from '../../src/core/clock.ts';
import { names } from '../../src/core/names.ts';
import type { Broker } from '../../src/core/ports/broker.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import { type ControlLog, openControlLog } from '../../src/runtime/control/control-log.ts';
import { RealKafka } from './kafka/real-kafka.ts';

const adapters: Readonly<Record<string, () => Broker>> = {
  memory: () => createMemoryBroker(),
  kafka: () => createKafkaBroker({ brokers: new RealKafka().brokers, clientId: 'control-log' }, silentLog),
};

describe.each(Object.entries(adapters))('the control log on %s', (_, open) => {
  const opened: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0).toReversed()) await one.close();
  });

  const world = async () => {
    const broker = open();
    opened.push(broker);
    const ns = `cl-${randomUUID()}`;
    const topic = names.control(ns);
    const config = { 'cleanup.policy': 'compact' };
    await broker.admin.createTopics([{ topic, partitions: 1, replicationFactor: 1, config }]);
    const another = async (): Promise<ControlLog> => {
      const log = await openControlLog({ ns, broker, clock: systemClock, log: silentLog });
      opened.push(log);
      return log;
    };
    return { broker, topic, another };
  };

  it('reads what it wrote: the latest of each subject, by prefix, with its offset', async () => {
    const log = await (await world()).another();
    const offsets = await log.append([
      { subject: 'pause/queue/a', value: { n: 1 } },
      { subject: 'pause/queue/b', value: { n: 2 } },
      { subject: 'other', value: { n: 3 } },
      { subject: 'pause/queue/a', value: { n: 4 } },
    ]);
    expect(offsets).toEqual([0n, 1n, 2n, 3n]);
    const read = await log.read('pause/');
    expect([...read.values()].map(({ subject, offset, value }) => [subject, offset, value])).toEqual([
      ['pause/queue/a', 3n, { n: 4 }],
      ['pause/queue/b', 1n, { n: 2 }],
    ]);
  });

  it('takes a subject away, and another log sees both', async () => {
    const { another } = await world();
    const [mine, theirs] = [await another(), await another()];
    await mine.append([{ subject: 'x', value: { n: 1 } }]);
    expect([...(await theirs.read('')).keys()]).toEqual(['x']);
    await mine.append([{ subject: 'x', value: null }]);
    expect([...(await theirs.read('')).keys()]).toEqual([]);
  });

  it('shows all who claim at once the same order', async () => {
    const { another } = await world();
    const logs = [await another(), await another(), await another()];
    const claims = await Promise.all(
      logs.map(async (log, me) => {
        const [offset = -1n] = await log.append([{ subject: `claim/${me}`, value: { me } }]);
        const all = [...(await log.read('claim/')).values()];
        return { offset, first: all.toSorted((a, b) => Number(a.offset - b.offset))[0]?.value };
      }),
    );
    expect(new Set(claims.map(({ offset }) => offset)).size).toBe(3);
    expect(claims.map(({ first }) => first)).toEqual(claims.map(() => claims[0]?.first));
  });

  it('passes over what is no JSON, and goes on', async () => {
    const { broker, topic, another } = await world();
    const log = await another();
    await log.append([{ subject: 'x', value: { n: 1 } }]);
    const producer = await broker.createProducer();
    opened.push(producer);
    await producer.send({ topic, key: Buffer.from('x'), value: Buffer.from('{n'), headers: [] });
    await log.append([{ subject: 'y', value: { n: 2 } }]);
    const read = await log.read('');
    expect([...read].map(([subject, { value }]) => [subject, value])).toEqual([
      ['x', { n: 1 }],
      ['y', { n: 2 }],
    ]);
  });

  it('names the topic that is not there', async () => {
    const broker = open();
    opened.push(broker);
    const ns = `cl-${randomUUID()}`;
    const log = await openControlLog({ ns, broker, clock: systemClock, log: silentLog });
    const facts = expect.objectContaining({ topic: names.control(ns) });
    await expect(log.read('')).rejects.toMatchObject({ code: 'ESTEIRA_TOPICS_DIFFER', facts });
  });
});
