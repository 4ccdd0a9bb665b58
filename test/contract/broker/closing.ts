import { describe, expect, it } from 'vitest';
import { type BrokerBench, numbers, recordOf } from './bench.ts';

/** The end of a broker object. */
export const describeClosing = (bench: BrokerBench): void => {
  describe('closing the broker', () => {
    it('writes what its producers hold, and they take no more', async () => {
      const topic = await bench.topic();
      const broker = await bench.anotherBroker();
      const producer = await broker.createProducer({ lingerMs: 50 });
      const acks = numbers(0, 20).map((n) => producer.send(recordOf(topic, { text: String(n) })));
      await broker.close();
      await Promise.all(acks);
      expect(await bench.log(topic)).toHaveLength(20);
      await expect(producer.send(recordOf(topic))).rejects.toMatchObject({ code: 'ESTEIRA_CLOSED' });
    });

    it('takes its members out of their groups', async () => {
      const topic = await bench.topic();
      const groupId = await bench.groupAtStart(topic);
      const broker = await bench.anotherBroker();
      const member = await bench.member(groupId, [topic], broker);
      await broker.close();
      const next = await bench.member(groupId, [topic]);
      expect(next.owned).toEqual([`${topic}/0`]);
      const told = member.told.length;
      await bench.fill(topic, 0, ['for the next']);
      await next.receives(1);
      expect(member.told).toHaveLength(told);
    });

    it('can be done twice, and what comes after is refused', async () => {
      const broker = await bench.anotherBroker();
      await broker.close();
      await broker.close();
      const closed = { code: 'ESTEIRA_CLOSED' };
      await expect(broker.createProducer()).rejects.toMatchObject(closed);
      await expect(broker.admin.describeTopics([bench.freshName()])).rejects.toMatchObject(closed);
    });
  });
};
