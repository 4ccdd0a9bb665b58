import { onTestFinished } from 'vitest';
import { createMemoryBroker } from '../../../../src/broker/memory/index.ts';
import { type AppDefinition, type AppOptions, defineApp } from '../../../../src/core/app.ts';
import { defineEvent } from '../../../../src/core/event.ts';
import { defineJob } from '../../../../src/core/job.ts';
import type { BrokerAdmin } from '../../../../src/core/ports/broker.ts';
import { knownTenants } from '../../../../src/core/tenants.ts';
import { applyTopics, type PlanOptions, planTopics } from '../../../../src/runtime/topics/index.ts';

/** The admin with some answers of its own. */
export const otherwise = (admin: BrokerAdmin, answers: Partial<BrokerAdmin>): BrokerAdmin =>
  new Proxy(admin, {
    get: (target, name) => {
      const answer: unknown = Reflect.get(answers, name);
      if (answer !== undefined) return answer;
      const own: unknown = Reflect.get(target, name);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });

const paid = defineEvent(
  { name: 'shop.Paid', schema: 'string' },
  { topic: 'shop.events', check: 'none', partitions: 2 },
);
const run = () => undefined;

/** An app with an ordered and an unordered job type. */
export const shopOf = (options: Partial<AppOptions> = {}): AppDefinition =>
  defineApp({
    name: 'shop',
    events: [paid],
    jobs: [
      defineJob({
        type: 'post-entry',
        kind: 'reactive',
        on: paid,
        order: 'key',
        retry: { attempts: 1 },
        run,
      }),
      defineJob({
        type: 'send-receipt',
        kind: 'reactive',
        on: paid,
        order: 'none',
        retry: { attempts: 1 },
        run,
      }),
    ],
    tenants: knownTenants(['acme']),
    tiers: ['1s', '5s'],
    partitions: 2,
    ...options,
  });

/** A broker in memory on which the app was applied. */
export const appliedShop = async (app = shopOf()) => {
  const broker = createMemoryBroker();
  onTestFinished(() => broker.close());
  const { admin } = broker;
  await applyTopics(app, admin);
  return {
    broker,
    admin,
    plan: (changed: AppDefinition, options: PlanOptions = {}) => planTopics(changed, admin, options),
    apply: (changed: AppDefinition, options: PlanOptions = {}) => applyTopics(changed, admin, options),
    partitionsOf: async (topic: string) => (await admin.describeTopics([topic])).get(topic)?.partitions,
    write: async (topic: string, count = 1): Promise<void> => {
      const producer = await broker.createProducer();
      for (let at = 0; at < count; at += 1)
        await producer.send({ topic, partition: 0, key: null, value: Buffer.from('x'), headers: [] });
      await producer.close();
    },
    settle: (groupId: string, topic: string, offset: bigint) =>
      admin.setCommittedOffsets(groupId, [{ topic, partition: 0, offset, metadata: '' }]),
  };
};
