import { describe, expect, test } from 'vitest';
import { InvoicePaid } from '../../../examples/condominium/generated/invoice-paid.ts';
import { defineEvent, type Esteira, type JobEvent, knownTenants } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { pause, waitFor } from '../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from './bench.ts';
import { faultyState } from './faulty-state.ts';

const TENANTS = Array.from({ length: 12 }, (_, index) => `t${index}`);

/** Two processes share its partitions. */
const spread = defineEvent(InvoicePaid, { topic: 'spread.events', check: 'none', partitions: 4 });

/** How many run at once, and how many did at most. */
class Crowd {
  readonly startsMs: number[] = [];
  running = 0;
  most = 0;

  async pass(ms: number): Promise<void> {
    this.startsMs.push(Date.now());
    this.running += 1;
    this.most = Math.max(this.most, this.running);
    await pause(ms);
    this.running -= 1;
  }

  /** Most starts in any stretch of so long. */
  mostStartsIn(ms: number): number {
    const counts = this.startsMs.map(
      (from) => this.startsMs.filter((at) => at >= from && at < from + ms).length,
    );
    return Math.max(...counts);
  }
}

const publishAll = async (esteira: Esteira, count: number): Promise<void> => {
  for (let index = 0; index < count; index += 1) {
    const tenant = TENANTS[index % TENANTS.length] ?? '';
    await esteira.publish(spread, invoice(`p${index}`), { tenant });
  }
};

/** Two processes of an app on one backend, and what each of them has told. */
const openPair = async (
  queue: NonNullable<Parameters<typeof openBench>[1]>['queues'],
  run: () => Promise<void>,
) => {
  const job = onInvoice({ on: spread, queue: 'few', run });
  const bench = openBench([job], { events: [spread], tenants: knownTenants(TENANTS), queues: queue ?? {} });
  const told: JobEvent[][] = [[], []];
  const [first = [], second = []] = told;
  const esteira = await bench.run({ onJobEvent: (event) => first.push(event) });
  await bench.run({ onJobEvent: (event) => second.push(event) });
  const completed = told.map((events) => () => events.filter(({ type }) => type === 'job.completed').length);
  return { bench, esteira, completed };
};

/** Slots that somebody else has. */
const heldByOthers = (count: number, leaseMs: number, tenant?: string) => ({
  ...{ queue: 'few', holders: Array.from({ length: count }, (_, index) => `other-${index}`), asker: 'other' },
  ...{ most: 100, leaseMs },
  ...(tenant === undefined ? {} : { tenant }),
});

describe('a limit of jobs at once', () => {
  test('holds over all processes, and each of them gets its turn', async () => {
    const crowd = new Crowd();
    const { esteira, completed } = await openPair({ few: { limit: 3 } }, () => crowd.pass(5));
    await publishAll(esteira, 120);
    await esteira.idle();
    expect(crowd.startsMs).toHaveLength(120);
    expect(crowd.most).toBe(3);
    for (const count of completed) expect(count()).toBeGreaterThan(10);
  });

  test('leaves no slot behind when there is nothing to do', async () => {
    const { esteira, bench } = await openPair({ few: { limit: 2 } }, () => pause(1));
    await publishAll(esteira, 20);
    await esteira.idle();
    const ask = { queue: 'few', holders: ['a', 'b'], asker: 'c', most: 2, leaseMs: 0 };
    await waitFor(
      'both slots',
      async () => (await bench.backend.state.limits.acquire([ask]))[0]?.granted.length === 2,
    );
  });

  test('gives back at the stop what it holds', async () => {
    const job = onInvoice({ queue: 'few', run: () => undefined });
    const bench = openBench([job], { queues: { few: { limit: 1 } } });
    const esteira = await bench.run();
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await waitFor('it to be done', () => bench.types('job.completed').length === 1);
    await esteira.stop();
    const ask = { queue: 'few', holders: ['a'], asker: 'c', most: 1, leaseMs: 1_000 };
    expect((await bench.backend.state.limits.acquire([ask]))[0]).toMatchObject({ granted: ['a'], freed: 0 });
  });

  test('counts slots of a process that died until their lease ends; then they are freed, and that is told', async () => {
    const crowd = new Crowd();
    const { esteira, bench } = await openPair({ few: { limit: 2 } }, () => crowd.pass(1));
    await bench.backend.state.limits.acquire([heldByOthers(2, 400)]);
    const fromMs = Date.now();
    await publishAll(esteira, 6);
    await esteira.idle();
    expect(Math.min(...crowd.startsMs) - fromMs).toBeGreaterThan(300);
    expect(bench.lines.filter((line) => line.includes('slots of dead processes were freed'))).not.toEqual([]);
  });

  test('skips what finds no slot where the queue says so, and only that', async () => {
    const few = { limit: 1, whenFull: 'skip' } as const;
    const { esteira, bench, completed } = await openPair({ few }, () => pause(1));
    await publishAll(esteira, 1);
    await waitFor('the first to be done', () => completed.some((count) => count() === 1));
    await waitFor('its slot to be back', async () => {
      const [answer] = await bench.backend.state.limits.acquire([{ ...heldByOthers(1, 60_000), most: 1 }]);
      return answer?.granted.length === 1;
    });
    await publishAll(esteira, 3);
    await esteira.idle();
    expect(bench.lines.filter((line) => line.includes('its queue is full'))).toHaveLength(3);
    expect(completed.map((count) => count()).reduce((sum, count) => sum + count)).toBe(1);
  });

  test('keeps jobs waiting while the store is out of reach: none fails or is skipped', async () => {
    const state = faultyState();
    const crowd = new Crowd();
    const job = onInvoice({ queue: 'few', run: () => crowd.pass(1) });
    const bench = openBench([job], {
      state: state.wrap,
      queues: { few: { limit: 2, startRate: { count: 500, per: '1s' } } },
    });
    const esteira = await bench.run();
    state.faults.failNext(5);
    for (let index = 0; index < 20; index += 1) {
      await esteira.publish(invoicePaid, invoice(`p${index}`), { tenant: 'acme' });
    }
    await esteira.idle();
    expect(bench.types('job.completed')).toHaveLength(20);
    expect([...bench.types('job.failed'), ...bench.types('job.skipped')]).toEqual([]);
    expect(bench.lines.some((line) => line.includes('limits: acquire works again'))).toBe(true);
  });
});

test('limits that cannot be asked are said: the job types under them are not ready, the others are', async () => {
  const state = faultyState();
  const bench = openBench([onInvoice({ queue: 'few' }), onInvoice({ type: 'archive' })], {
    state: (store) => ({ ...store, limits: state.wrap(store).limits }),
    queues: { few: { limit: 2 } },
  });
  const esteira = await bench.run({ health: true, environment: { LOG_LEVEL: 'silent', HEALTH_PORT: '0' } });
  const ready = async () => {
    const answer = await fetch(`http://127.0.0.1:${esteira.healthPort}/health/ready`);
    return JSON.parse(await answer.text());
  };
  state.faults.failNext(1_000);
  await esteira.publish(invoicePaid, invoice('p'), { tenant: 'acme' });
  const settle = { ok: false, detail: 'limits out of reach: acquire' };
  await waitFor('it to be said', async () => !(await ready()).checks['bench.job.settle'].ok);
  expect((await ready()).checks).toMatchObject({
    'bench.job.settle': settle,
    'bench.job.archive': { ok: true },
  });
  state.faults.failNext(0);
  await esteira.idle();
  expect((await ready()).checks).toMatchObject({ 'bench.job.settle': { ok: true } });
});

describe('a start rate', () => {
  test('is kept in any stretch of time, over all processes', async () => {
    const crowd = new Crowd();
    const { esteira } = await openPair({ few: { startRate: { count: 12, per: '600ms', burst: 3 } } }, () =>
      crowd.pass(1),
    );
    await publishAll(esteira, 40);
    await esteira.idle();
    expect(crowd.startsMs).toHaveLength(40);
    // From taking a start to starting there is the claim, which is what the tolerance is for.
    expect(crowd.mostStartsIn(500)).toBeLessThanOrEqual(12);
    expect(crowd.mostStartsIn(600)).toBeGreaterThan(6);
  });
});

describe('limits of a tenant', () => {
  const twoTenants = (
    queue: NonNullable<Parameters<typeof openBench>[1]>['queues'],
    tiers: Record<string, string> = {},
  ) => {
    const crowds = new Map([
      ['acme', new Crowd()],
      ['globex', new Crowd()],
    ]);
    const job = onInvoice({ queue: 'few', run: (_event, ctx) => crowds.get(ctx.tenant)?.pass(10) });
    const tierOf = (id: string) => (tiers[id] === undefined ? {} : { tier: tiers[id] });
    const bench = openBench([job], {
      queues: queue ?? {},
      tenants: { resolve: async (id) => ({ id, ...tierOf(id) }) },
    });
    const publish = async (esteira: Esteira) => {
      for (let index = 0; index < 30; index += 1) {
        const tenant = index < 20 ? 'acme' : 'globex';
        await esteira.publish(invoicePaid, invoice(`p${index}`), { tenant });
      }
    };
    return { crowds, bench, publish };
  };

  test('count what other processes run of it; other tenants are not kept', async () => {
    const { crowds, bench, publish } = twoTenants({ few: { tenants: { limit: 2 } } });
    await bench.backend.state.limits.acquire([heldByOthers(1, 60_000, 'acme')]);
    const esteira = await bench.run();
    await publish(esteira);
    await esteira.idle();
    expect(bench.types('job.completed')).toHaveLength(30);
    expect([...crowds].map(([tenant, { most }]) => [tenant, most])).toEqual([
      ['acme', 1],
      ['globex', 2],
    ]);
  });

  test('are those of its tier', async () => {
    const tenants = { limit: 1, tiers: { gold: { limit: 3 } } };
    const { crowds, bench, publish } = twoTenants({ few: { tenants } }, { globex: 'gold' });
    const esteira = await bench.run();
    await publish(esteira);
    await esteira.idle();
    expect([...crowds].map(([tenant, { most }]) => [tenant, most])).toEqual([
      ['acme', 1],
      ['globex', 3],
    ]);
  });

  test('hold its start rate, and the others start meanwhile', async () => {
    const tenants = { tiers: { slow: { startRate: { count: 4, per: 200, burst: 1 } } } };
    const { crowds, bench, publish } = twoTenants({ few: { tenants } }, { acme: 'slow' });
    const esteira = await bench.run();
    await publish(esteira);
    await esteira.idle();
    expect(crowds.get('acme')?.mostStartsIn(150)).toBeLessThanOrEqual(4);
    const last = Math.max(...(crowds.get('globex')?.startsMs ?? []));
    expect(crowds.get('acme')?.startsMs.filter((at) => at > last).length).toBeGreaterThan(5);
  });
});
