import { describe, expect, it } from 'vitest';
import { makeCommandLine } from './command-line.ts';

const KAFKA = {
  QUEUE_BACKEND: 'kafka',
  KAFKA_BROKERS: 'x:1',
  SCHEMA_REGISTRY_URL: 'http://x',
  REDIS_URL: 'redis://x',
} as const;

const applied = async (options: Parameters<typeof makeCommandLine>[0] = {}) => {
  const line = makeCommandLine(options);
  expect((await line.run(['topics', 'apply'])).code).toBe(0);
  const { admin } = line.open().broker;
  return { ...line, admin };
};

const tier = (topic: string) => ({ topic, partitions: 1, replicationFactor: 1, config: {} });

describe('esteira topics', () => {
  it('plan shows every step and changes nothing; apply does them; then there is nothing to do', async () => {
    const { run } = makeCommandLine();
    const plan = await run(['topics', 'plan']);
    expect(plan.out).toMatch(/^topics\n {2}\+ shop\.events +6 partitions, 1 replica$/m);
    expect(plan.out).toMatch(/^ {2}\+ shop\.retry\.1s +1 partition, 1 replica, kept 7 d$/m);
    expect(plan.out).toMatch(/^ {2}\+ shop\.control +1 partition, 1 replica, compacted$/m);
    expect(plan.out).toMatch(/^groups\n {2}\+ shop\.job\.send-receipt +3 topics from beginning$/m);
    expect(plan.out).toMatch(
      /^shop: 14 to create, 3 groups to start\. Nothing was changed: `esteira topics apply` does it\.$/m,
    );
    expect((await run(['topics', 'apply'])).out).toMatch(/^shop: 14 created, 3 groups started\.$/m);
    expect((await run(['topics', 'plan'])).out).toBe('The topics and groups of shop are as the app says.');
    expect((await run(['topics', 'apply'])).out).toBe('There was nothing to do.');
  });

  it('plan says of a group on a topic with history how much waits, and how much is never read', async () => {
    const { run, open } = makeCommandLine();
    const { broker, close } = open();
    await broker.admin.createTopics([tier('shop.events')]);
    const producer = await broker.createProducer();
    await producer.send({ topic: 'shop.events', key: null, value: Buffer.from('x'), headers: [] });
    await close();
    expect((await run(['topics', 'plan'])).out).toMatch(
      /^ {2}\+ shop\.job\.send-receipt {2}shop\.events from now: 0 records waiting, 1 never read$/m,
    );
  });

  it('plan shows a changed setting as it is and as it will be', async () => {
    const { run, admin } = await applied();
    await admin.alterTopicConfig('shop.retry.1s', { 'retention.ms': '3600000' });
    expect((await run(['topics', 'plan'])).out).toMatch(
      /^ {2}~ shop\.retry\.1s {2}retention\.ms 3600000 \(1 h\) -> 604801000 \(7 d\)$/m,
    );
  });

  it('plan says of what is refused why, and what to do; apply is refused (3) with the same words', async () => {
    const { run, admin, open } = await applied();
    await admin.createTopics([tier('shop.retry.5s')]);
    const { broker, close } = open();
    const producer = await broker.createProducer();
    await producer.send({ topic: 'shop.retry.5s', key: null, value: Buffer.from('x'), headers: [] });
    await close();
    const { out } = await run(['topics', 'plan']);
    expect(out).toMatch(/^refused\n {2}! topic shop\.retry\.5s {2}holds 1 record, and no ladder/m);
    expect(out).toMatch(/^ {6}-> name its delay in defineApp\(\{ tiers \}\) until it is empty$/m);
    expect(out).toContain('is refused until what is marked ! is settled');
    const refused = await run(['topics', 'apply']);
    expect(refused).toMatchObject({ code: 3, err: expect.stringContaining('holds 1 record, and no ladder') });
  });

  it('an orphan is shown, left alone, and deleted when that is asked for', async () => {
    const { run, admin } = await applied();
    await admin.createTopics([tier('shop.retry.5s')]);
    expect((await run(['topics', 'plan'])).out).toMatch(
      /^ {2}- shop\.retry\.5s {2}tier that the app does not have: left alone, drained$/m,
    );
    expect((await run(['topics', 'plan', '--drop-orphans'])).out).toMatch(/5s .*: deleted, it is drained$/m);
    expect((await run(['topics', 'apply', '--drop-orphans', '--reason', 'gone'])).out).toMatch(
      /^shop: 1 deleted\.$/m,
    );
    expect(await admin.topicNames()).not.toContain('shop.retry.5s');
  });

  // Topics were deleted by anybody, without a word of it in the audit.
  it('what cannot be taken back takes a reason and an approver, and is audited before it is done', async () => {
    const { run, admin, open } = await applied();
    await admin.createTopics([tier('shop.retry.5s')]);
    const apply = ['topics', 'apply', '--drop-orphans'];
    expect(await run(apply)).toMatchObject({ code: 2, err: expect.stringContaining('needs a reason') });
    const inProduction = await run([...apply, '--reason', 'gone'], { NODE_ENV: 'production', ...KAFKA });
    expect(inProduction).toMatchObject({ code: 3, err: expect.stringContaining('ESTEIRA_OPERATOR_REFUSED') });
    expect(await admin.topicNames()).toContain('shop.retry.5s');
    const audited = async () =>
      (await admin.offsetRanges('shop.audit')).reduce((sum, { low, high }) => sum + high - low, 0n);
    expect(await audited()).toBe(0n);
    expect((await run([...apply, '--reason', 'gone'])).code).toBe(0);
    expect(await audited()).toBe(1n);
    const { broker, close } = open();
    const values: (Buffer | null)[] = [];
    for (const { partition, low, high } of await broker.admin.offsetRanges('shop.audit')) {
      const range = { topic: 'shop.audit', partition, from: low, to: high };
      await broker.admin.read(range, ({ value }) => values.push(value) > 0);
    }
    for (const words of ['topics.apply', 'gone', 'deleted', 'shop.retry.5s'])
      expect(String(values[0])).toContain(words);
    await close();
  });

  it('lines fit a narrow screen', async () => {
    const { run } = makeCommandLine({ columns: 60 });
    const { out } = await run(['topics', 'plan']);
    expect(out.split('\n').filter((line) => line.length > 60)).toEqual([]);
  });

  it('plan --json is for programs', async () => {
    const { out } = await makeCommandLine().run(['topics', 'plan', '--json']);
    const plan = JSON.parse(out);
    expect(plan).toMatchObject({ app: 'shop', settled: false, alter: [], refused: [], outOfRange: [] });
    expect(plan.create[0]).toMatchObject({ topic: 'shop.events', role: 'event' });
    expect(plan.firstOffsets[0].offsets[0]).toEqual({ topic: 'shop.events', partition: 0, offset: '0' });
  });

  it('apply is refused (3) when something cannot be applied', async () => {
    const line = makeCommandLine();
    await line.open().broker.admin.createTopics([tier('shop.audit')]);
    const { code, err } = await line.run(['topics', 'apply'], { ...KAFKA, KAFKA_REPLICATION_FACTOR: '2' });
    expect(code).toBe(3);
    expect(err).toContain('topic shop.audit has 1 replica, KAFKA_REPLICATION_FACTOR says 2');
  });
});

describe('esteira topics plan --check', () => {
  it('ends with 0 when there is nothing to do, 1 when there is, 3 when apply would be refused', async () => {
    const line = makeCommandLine();
    expect((await line.run(['topics', 'plan'])).code).toBe(0);
    expect((await line.run(['topics', 'plan', '--check'])).code).toBe(1);
    await line.run(['topics', 'apply']);
    expect((await line.run(['topics', 'plan', '--check'])).code).toBe(0);
    const refused = await line.run(['topics', 'plan', '--check'], {
      ...KAFKA,
      KAFKA_REPLICATION_FACTOR: '2',
    });
    expect(refused.code).toBe(3);
  });

  it('takes no offence at what is left behind by an earlier app', async () => {
    const { run, admin } = await applied();
    await admin.createTopics([tier('shop.retry.5s')]);
    expect((await run(['topics', 'plan', '--check'])).code).toBe(0);
    expect((await run(['topics', 'plan', '--check', '--drop-orphans'])).code).toBe(1);
  });
});
