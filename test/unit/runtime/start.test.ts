import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createMemoryBroker } from '../../../src/broker/memory/index.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { silentLog } from '../../../src/core/ports/log.ts';
import { defineApp, EsteiraError, knownTenants, start } from '../../../src/index.ts';
import type { Backend } from '../../../src/runtime/backend.ts';
import { contractsOf } from '../../../src/runtime/backend.ts';
import { applyTopics } from '../../../src/runtime/topics/index.ts';
import { createConfluentSource } from '../../../src/serde/confluent-source.ts';
import { createMemorySource } from '../../../src/serde/memory-source.ts';
import { createSerde } from '../../../src/serde/serde.ts';
import { createMemoryStateStore } from '../../../src/state/memory/memory-state-store.ts';
import { createRedisStateStore } from '../../../src/state/redis/redis-state-store.ts';
import { invoice } from '../../support/invoices.ts';
import { waitFor } from '../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from '../consumers/bench.ts';
import { faultyState } from '../consumers/faulty-state.ts';

const app = defineApp({
  ...{ name: 'bench', events: [invoicePaid], jobs: [onInvoice()], tenants: knownTenants(['acme']) },
  ...{ tiers: ['1s'], partitions: 1 },
});

/** A loopback port on which nobody listens. */
const closedPort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

const quiet = { LOG_LEVEL: 'silent' };

const refusalOf = async (starting: Promise<unknown>): Promise<EsteiraError> => {
  const refusal = await starting.catch((error: unknown) => error);
  if (refusal instanceof EsteiraError) return refusal;
  throw new Error('it was started', { cause: refusal });
};

describe('a process that cannot run is not started', () => {
  test('in production with the memory broker', async () => {
    const refusal = await refusalOf(start(app, { environment: { ...quiet, NODE_ENV: 'production' } }));
    expect(refusal).toMatchObject({
      code: 'ESTEIRA_MEMORY_BACKEND_IN_PRODUCTION',
      message: expect.stringMatching(/KAFKA_BROKERS, SCHEMA_REGISTRY_URL and REDIS_URL/),
    });
  });

  test('and what the app has opened stays open: the caller may try again', async () => {
    const closed: string[] = [];
    const resources = [{ name: 'pool', close: () => closed.push('pool') }];
    const starting = start({ ...app, resources }, { environment: quiet, queues: ['nights'] });
    expect((await refusalOf(starting)).message).toContain('nights: no such queue');
    expect(closed).toEqual([]);
    const esteira = await start({ ...app, resources }, { environment: quiet });
    await esteira.stop();
    expect(closed).toEqual(['pool']);
  });

  test('with a wrong configuration, whose every problem is told at once, with no value', async () => {
    const environment = {
      ...{ KAFKA_BROKERS: 'kafka', REDIS_URL: 'http://u:hunter2@redis', LOG_LEVEL: 'loud' },
      ...{ WORKER_MAX_CONCURRENT_JOBS: '0', WORKER_MAX_CONCURENT_JOBS: '5', HEALTH_PORT: '-1' },
    };
    const { code, facts, message } = await refusalOf(start(app, { environment }));
    expect(code).toBe('ESTEIRA_CONFIG_INVALID');
    const problems = facts['problems'] as readonly string[];
    expect(problems.map((problem) => problem.split(/[ :]/, 1)[0]).sort()).toEqual([
      ...['HEALTH_PORT', 'KAFKA_BROKERS', 'LOG_LEVEL', 'REDIS_URL', 'SCHEMA_REGISTRY_URL'],
      ...['WORKER_MAX_CONCURENT_JOBS', 'WORKER_MAX_CONCURRENT_JOBS'],
    ]);
    for (const problem of problems) expect(message).toContain(problem);
    expect(message).not.toMatch(/hunter2|loud/);
  });
});

/** What every message of an unreachable service says: which, where, and how to start it. */
const unreachable = (service: RegExp, port: number) => ({
  code: 'ESTEIRA_SERVICE_UNREACHABLE',
  message: expect.stringMatching(
    new RegExp(`${service.source}.*127\\.0\\.0\\.1:${port}.*npm run stack`, 's'),
  ),
});

describe('a service that is not there', () => {
  test('Kafka', async () => {
    const port = await closedPort();
    const environment = {
      ...{ ...quiet, KAFKA_BROKERS: `127.0.0.1:${port}`, REDIS_URL: `redis://127.0.0.1:${port}` },
      SCHEMA_REGISTRY_URL: `http://127.0.0.1:${port}`,
    };
    const refusal = await refusalOf(start(app, { environment }));
    expect(refusal).toMatchObject(unreachable(/^Kafka/, port));
    expect(refusal.message).toContain('KAFKA_BROKERS');
  });

  /** Kafka is there, so that the others come to be asked. */
  const others = async (port: number, part: Partial<Backend>) => {
    const broker = createMemoryBroker();
    await applyTopics(app, broker.admin, {});
    const backend: Backend = {
      broker,
      serde: createSerde({ source: createMemorySource(contractsOf(app)) }),
      state: createMemoryStateStore({ clock: systemClock }),
      close: async () => undefined,
      ...part,
    };
    const environment = {
      ...{ ...quiet, KAFKA_BROKERS: 'kafka:9092', REDIS_URL: `redis://127.0.0.1:${port}` },
      SCHEMA_REGISTRY_URL: `http://127.0.0.1:${port}`,
    };
    return refusalOf(start(app, { environment, backend }));
  };

  test('the schema registry', async () => {
    const port = await closedPort();
    const source = createConfluentSource({ url: `http://127.0.0.1:${port}` });
    const refusal = await others(port, { serde: createSerde({ source }) });
    expect(refusal).toMatchObject(unreachable(/schema registry/, port));
    expect(refusal.message).toContain('SCHEMA_REGISTRY_URL');
  });

  test('Redis', async () => {
    const port = await closedPort();
    const state = createRedisStateStore({ url: `redis://127.0.0.1:${port}`, namespace: 'bench' }, silentLog);
    const refusal = await others(port, { state });
    await state.close();
    expect(refusal).toMatchObject(unreachable(/^Redis/, port));
    expect(refusal.message).toContain('REDIS_URL');
  });
});

describe('the health of a process', () => {
  const asked = async (port: number | undefined, path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: answer.status, text: await answer.text() };
  };

  test('is ready, not ready while a worker is suspended, and ready again; live all the time', async () => {
    const state = faultyState();
    const bench = openBench([onInvoice()], { state: state.wrap });
    const esteira = await bench.run({ health: true, environment: { ...quiet, HEALTH_PORT: '0' } });
    const { healthPort } = esteira;
    expect(await asked(healthPort, '/health/ready')).toMatchObject({ status: 200 });
    state.faults.failNext(1_000);
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    const suspended = await waitFor('the suspension', async () => {
      const ready = await asked(healthPort, '/health/ready');
      return ready.status === 503 && JSON.parse(ready.text);
    });
    expect(suspended.checks['bench.job.settle']).toEqual({ ok: false, detail: 'ESTEIRA_STATE_UNAVAILABLE' });
    expect(suspended.checks['bench.relay.20ms']).toEqual({ ok: true });
    expect(await asked(healthPort, '/health/live')).toMatchObject({ status: 200 });
    state.faults.failNext(0);
    await esteira.idle();
    expect(await asked(healthPort, '/health/ready')).toMatchObject({ status: 200 });
    expect((await asked(healthPort, '/metrics')).status).toBe(200);
  });

  test('is not ready while the tenant directory cannot say', async () => {
    let away = true;
    const tenants = {
      resolve: async (id: string) => {
        if (away) throw new Error('no connection');
        return { id };
      },
    };
    const bench = openBench([onInvoice()], { tenants });
    const esteira = await bench.run({ health: true, environment: { ...quiet, HEALTH_PORT: '0' } });
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await waitFor(
      'the suspension',
      async () => (await asked(esteira.healthPort, '/health/ready')).status === 503,
    );
    away = false;
    await esteira.idle();
    expect((await asked(esteira.healthPort, '/health/ready')).status).toBe(200);
  });
});
