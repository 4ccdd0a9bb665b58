import { createRequire } from 'node:module';
import { beforeAll, describe, expect, it } from 'vitest';
import { hardenClient, KAFKAJS_VERSION } from '../../../../src/broker/kafka/client-patch.ts';
import { type GroupHooks, hookGroup } from '../../../../src/broker/kafka/group-patch.ts';
import { pause } from '../../../support/wait.ts';

const require = createRequire(import.meta.url);

beforeAll(hardenClient);

const quiet = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  debug: () => undefined,
};
const logger = { ...quiet, namespace: () => logger };
const emitter = { emit: () => undefined };

const typed = (type: string): Error => Object.assign(new Error(type), { name: 'KafkaJSProtocolError', type });

/** A consumer group of kafkajs itself, over a cluster of the test. */
const group = (cluster: object, hooks?: Partial<GroupHooks>) => {
  const ConsumerGroup = require('kafkajs/src/consumer/consumerGroup');
  if (hooks !== undefined)
    hookGroup(cluster, {
      joining: () => undefined,
      fetchWaitMs: () => 100,
      group: () => undefined,
      outOfRange: () => undefined,
      ...hooks,
    });
  return new ConsumerGroup({
    cluster,
    groupId: 'g',
    topics: ['t'],
    topicConfigurations: { t: { fromBeginning: true } },
    logger,
    instrumentationEmitter: emitter,
    assigners: [],
    retry: { retries: 0 },
  });
};

const runner = (consumerGroup: object, eachBatch: (payload: object) => Promise<void>) => {
  const Runner = require('kafkajs/src/consumer/runner');
  const made = new Runner({
    logger,
    consumerGroup,
    instrumentationEmitter: emitter,
    eachBatch,
    autoCommit: false,
    eachBatchAutoResolve: false,
    concurrency: 1,
  });
  made.running = true;
  return made;
};

const batchOf = (offsets: readonly number[], isControlRecord = false) => {
  const Batch = require('kafkajs/src/consumer/batch');
  const messages = offsets.map((offset) => ({ offset: String(offset), isControlRecord, batchContext: {} }));
  return new Batch('t', String(offsets[0]), {
    partition: 0,
    highWatermark: '100',
    abortedTransactions: [],
    messages,
  });
};

describe('the guarded client', () => {
  it('is exactly the version whose internals were read', () => {
    expect(require('kafkajs/package.json').version).toBe(KAFKAJS_VERSION);
  });

  it('sleeps on an idle connection: 2.2.4 woke up about 900 times a second', async () => {
    const RequestQueue = require('kafkajs/src/network/requestQueue');
    const queue = new RequestQueue({
      maxInFlightRequests: null,
      requestTimeout: 1_000,
      enforceRequestTimeout: false,
      clientId: 'c',
      broker: 'b',
      logger: quiet,
    });
    let checks = 0;
    const check = queue.checkPendingRequests.bind(queue);
    queue.checkPendingRequests = () => {
      checks++;
      check();
    };
    queue.scheduleCheckPendingRequests();
    await pause(60);
    expect(checks).toBe(0);
    expect(queue.throttleCheckTimeoutId).toBeNull();
  });

  it('still sends what waited for a throttle to end', async () => {
    const RequestQueue = require('kafkajs/src/network/requestQueue');
    const queue = new RequestQueue({
      maxInFlightRequests: null,
      requestTimeout: 1_000,
      enforceRequestTimeout: false,
      clientId: 'c',
      broker: 'b',
      logger: quiet,
    });
    queue.maybeThrottle(30);
    const sent = new Promise<void>((resolve) => {
      queue.push({ entry: { correlationId: 1 }, expectResponse: true, sendRequest: resolve });
    });
    expect(queue.pending).toHaveLength(1);
    await sent;
    queue.destroy();
  });

  it('opens one socket when several requests find a connection gone', async () => {
    const Connection = require('kafkajs/src/network/connection');
    let sockets = 0;
    const socketFactory = () => {
      sockets++;
      throw new Error('refused');
    };
    const connection = new Connection({
      host: 'h',
      port: 1,
      logger,
      socketFactory,
      requestTimeout: 1_000,
      clientId: 'c',
    });
    await Promise.allSettled([connection.connect(), connection.connect(), connection.connect()]);
    expect(sockets).toBe(1);
    await connection.connect().catch(() => undefined);
    expect(sockets).toBe(2);
  });
});

describe('a hooked group', () => {
  it('joins once when several fetchers find their metadata stale at the same time', async () => {
    let joins = 0;
    const cluster = {
      findGroupCoordinator: async () => {
        joins++;
        await pause(5);
        throw new Error('far enough');
      },
    };
    let told = 0;
    const one = group(cluster, { joining: () => told++ });
    await Promise.allSettled([one.joinAndSync(), one.joinAndSync(), one.joinAndSync()]);
    expect([joins, told]).toEqual([1, 1]);
    await one.joinAndSync().catch(() => undefined);
    expect([joins, told]).toEqual([2, 2]);
  });

  it('does not commit "earliest" over the offset of the group when that is out of range', async () => {
    const found: string[] = [];
    const one = group({}, { outOfRange: (topic, partition) => found.push(`${topic}/${partition}`) });
    one.offsetManager = {
      setDefaultOffset: () => {
        throw new Error('committed over it');
      },
    };
    await one.recoverFromOffsetOutOfRange({ topic: 't', partition: 3 });
    expect(found).toEqual(['t/3']);
  });

  it('does not die of a fetch that fails because its assignment ended in the middle of it', async () => {
    for (const after of [{ name: 'second' }, null]) {
      const one = group({}, {});
      one.offsetManager = { name: 'first' };
      const fetched = tagged(one, batchOf([5, 6]));
      // Between two awaits of kafkajs' own fetch: it goes on with an offset manager that is not the one it began with.
      one.offsetManager = after;
      expect(await fetched).toBeUndefined();
    }
  });

  it('does not handle a batch that waited in the queue while the member rejoined', async () => {
    for (const batch of [batchOf([50, 51]), batchOf([50, 51], true)]) {
      const handled: object[] = [];
      const resolved: object[] = [];
      const first = { name: 'first' };
      const cluster = {};
      const one = group(cluster, {});
      one.offsetManager = first;
      one.resolveOffset = (offset: object) => resolved.push(offset);
      one.heartbeat = async () => undefined;
      const fetched = (await tagged(one, batch)) ?? {};
      const run = runner(one, async (payload) => {
        handled.push(payload);
      });
      one.offsetManager = { name: 'second' };
      await run.handleBatch(fetched);
      expect([handled, resolved]).toEqual([[], []]);
      one.offsetManager = first;
      await run.handleBatch(fetched);
      expect(handled.length + resolved.length).toBe(1);
    }
  });

  it('looks for its coordinator when a heartbeat does not reach it, instead of rejoining', async () => {
    for (const error of [
      typed('NOT_COORDINATOR_FOR_GROUP'),
      Object.assign(new Error(), { name: 'KafkaJSConnectionError' }),
    ]) {
      const beats: string[] = [];
      const next = { heartbeat: async () => beats.push('next') };
      const one = group({ findGroupCoordinator: async () => next }, {});
      one.memberId = 'me';
      one.lastRequest = 0;
      one.coordinator = { heartbeat: () => Promise.reject(error) };
      await one.heartbeat({ interval: 1 });
      await one.heartbeat({ interval: 1 });
      expect(beats).toEqual(['next']);
    }
  });

  it('still hears from a heartbeat that the group rebalances', async () => {
    const one = group({ findGroupCoordinator: async () => ({}) }, {});
    one.memberId = 'me';
    one.lastRequest = 0;
    one.coordinator = { heartbeat: () => Promise.reject(typed('REBALANCE_IN_PROGRESS')) };
    await expect(one.heartbeat({ interval: 1 })).rejects.toMatchObject({ type: 'REBALANCE_IN_PROGRESS' });
  });
});

describe('a group of somebody else in the same process', () => {
  it('keeps the behaviour of kafkajs', async () => {
    const resets: object[] = [];
    const one = group({});
    one.offsetManager = { setDefaultOffset: async (at: object) => resets.push(at) };
    await one.recoverFromOffsetOutOfRange({ topic: 't', partition: 3 });
    expect(resets).toEqual([{ topic: 't', partition: 3 }]);
    one.memberId = 'me';
    one.lastRequest = 0;
    one.coordinator = { heartbeat: () => Promise.reject(typed('NOT_COORDINATOR_FOR_GROUP')) };
    await expect(one.heartbeat({ interval: 1 })).rejects.toMatchObject({ type: 'NOT_COORDINATOR_FOR_GROUP' });
  });
});

/** Passes a batch through the group's own fetch, as if it had just come from a broker. */
const tagged = async (
  one: { fetch(nodeId: string): Promise<object[]>; cluster: object },
  batch: { topic: string; partition: number },
): Promise<object | undefined> => {
  const { topic, partition } = batch;
  Object.assign(one, {
    checkForStaleAssignment: () => undefined,
    seekOffsets: async () => undefined,
    filterPartitionsByNode: () => [{ topic, partitions: [partition] }],
    getActiveTopicPartitions: () => ({ [topic]: new Set([partition]) }),
  });
  Object.assign(Reflect.get(one, 'offsetManager'), {
    committedOffsets: () => ({ [topic]: { [partition]: '0' } }),
    nextOffset: () => Reflect.get(batch, 'fetchedOffset'),
  });
  const data = {
    partition,
    highWatermark: '100',
    abortedTransactions: [],
    messages: Reflect.get(batch, 'rawMessages'),
  };
  Object.assign(one.cluster, {
    refreshMetadataIfNecessary: async () => undefined,
    findBroker: async () => ({
      fetch: async () => ({ responses: [{ topicName: topic, partitions: [data] }] }),
    }),
  });
  const [fetched] = await one.fetch('1');
  return fetched;
};
