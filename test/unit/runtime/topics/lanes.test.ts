import { expect, it, onTestFinished } from 'vitest';
import { createMemoryBroker } from '../../../../src/broker/memory/index.ts';
import { defineApp } from '../../../../src/core/app.ts';
import { defineJob } from '../../../../src/core/job.ts';
import { knownTenants } from '../../../../src/core/tenants.ts';
import { applyTopics, isSettled, planTopics, verifyTopics } from '../../../../src/runtime/topics/index.ts';

const appWith = (inboxes: { lanes: boolean; dedicated?: readonly string[]; surplus?: boolean }) =>
  defineApp({
    ...{ name: 'shop', events: [], tenants: knownTenants(['acme']), tiers: ['1s'], partitions: 2 },
    jobs: [defineJob({ type: 'report', kind: 'system', order: 'none', ...inboxes, run: () => undefined })],
  });

const setUp = () => {
  const broker = createMemoryBroker();
  onTestFinished(() => broker.close());
  const write = async (topic: string) => {
    const producer = await broker.createProducer();
    await producer.send({ topic, partition: 1, key: null, value: Buffer.from('x'), headers: [] });
    await producer.close();
  };
  return { admin: broker.admin, write };
};

const HIGH = 'shop.job.report.high';

it('lanes and dedicated inboxes are made with first offsets, and a worker refuses to start without them', async () => {
  const { admin } = setUp();
  await applyTopics(appWith({ lanes: false }), admin);
  const app = appWith({ lanes: true, dedicated: ['acme'] });
  await expect(verifyTopics(app, admin)).rejects.toThrow(`topic ${HIGH} is missing`);
  const { create } = await applyTopics(app, admin);
  const tails = ['.high', '.tenant.acme.high', '.tenant.acme', '.low', '.tenant.acme.low'];
  expect(create.map(({ topic }) => topic)).toEqual(tails.map((tail) => `shop.job.report${tail}`));
  for (const { topic } of create)
    expect((await admin.committedOffsets('shop.job.report', topic)).map(({ offset }) => offset)).toEqual([
      0n,
      0n,
    ]);
  await verifyTopics(app, admin);
  expect(isSettled(await planTopics(app, admin))).toBe(true);
});

// What lay in the lane would have been read by nobody, and nobody would have been told.
it('a lane is not given up while jobs lie in it; empty, it is', async () => {
  const { admin, write } = setUp();
  await applyTopics(appWith({ lanes: true }), admin);
  await write(HIGH);
  const { refused } = await planTopics(appWith({ lanes: false }), admin);
  expect(refused).toEqual([
    {
      subject: `topic ${HIGH}`,
      why: expect.stringMatching(/^holds jobs \(1\)/),
      todo: expect.stringMatching(/^say lanes: true/),
    },
  ]);
  await expect(applyTopics(appWith({ lanes: false }), admin)).rejects.toMatchObject({
    code: 'ESTEIRA_TOPICS_DIFFER',
  });
  await admin.setCommittedOffsets('shop.job.report', [
    { topic: HIGH, partition: 1, offset: 1n, metadata: '' },
  ]);
  expect((await planTopics(appWith({ lanes: false }), admin)).refused).toEqual([]);
});

it('the inbox for surplus is made by default, and not given up while jobs lie in it', async () => {
  const { admin, write } = setUp();
  const surplus = 'shop.job.report.surplus';
  await applyTopics(appWith({ lanes: true }), admin);
  await write(surplus);
  const { refused } = await planTopics(appWith({ lanes: true, surplus: false }), admin);
  expect(refused).toMatchObject([
    { subject: `topic ${surplus}`, todo: expect.stringMatching(/^say surplus: true/) },
  ]);
});
