import { describe, expect, test } from 'vitest';
import { EsteiraError } from '../../../src/core/errors.ts';
import type { Serde } from '../../../src/core/ports/serde.ts';
import { knownTenants, type TenantDirectory } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { Ledger } from '../../support/ledger.ts';
import { latch, waitFor } from '../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from './bench.ts';
import { faultyState } from './faulty-state.ts';

const recording = () => {
  const ledger = new Ledger();
  return {
    ledger,
    job: onInvoice({ run: (event, ctx) => ledger.write(event.paymentId, ctx.fence, ctx.jobId) }),
  };
};

const ids = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, index) => `p${from + index}`);

const oneEffectEach = (ledger: Ledger, expected: readonly string[]): void => {
  expect(ledger.effects.map(({ key }) => key).sort()).toEqual([...expected].sort());
};

describe('while the state store is out of reach', () => {
  test.each([1, 2, 5])(
    'for %i calls, nothing fails, is skipped or is spent, and work goes on by itself',
    async (calls) => {
      const state = faultyState();
      const { ledger, job } = recording();
      const bench = openBench([job], { state: state.wrap });
      const esteira = await bench.run();
      for (const id of ids(0, 10)) await esteira.publish(invoicePaid, invoice(id), { tenant: 'acme' });
      await esteira.idle();
      state.faults.failNext(calls);
      for (const id of ids(10, 30)) await esteira.publish(invoicePaid, invoice(id), { tenant: 'acme' });
      await esteira.idle();
      oneEffectEach(ledger, ids(0, 30));
      expect(bench.types('job.completed')).toHaveLength(30);
      expect(bench.told.filter(({ type }) => /failed|skipped|dlq|retried/.test(type))).toEqual([]);
      expect(bench.told.every(({ attempt }) => attempt === 1)).toBe(true);
    },
  );

  test('at the done mark, the effect is not repeated and the offset waits for the mark', async () => {
    const state = faultyState();
    const ledger = new Ledger();
    const job = onInvoice({
      run: (event, ctx) => {
        ledger.write(event.paymentId, ctx.fence, ctx.jobId);
        state.faults.failNext(3);
      },
    });
    const bench = openBench([job], { state: state.wrap });
    const esteira = await bench.run();
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await waitFor('the effect', () => ledger.effects.length === 1);
    expect(await bench.committed()).toBe(0n);
    await esteira.idle();
    oneEffectEach(ledger, ['p1']);
    expect(bench.types('job.completed')).toHaveLength(1);
    expect(await bench.committed()).toBe(1n);
  });

  test('at a decision, the failed attempt is decided once', async () => {
    const state = faultyState();
    const attempts: number[] = [];
    const job = onInvoice({
      run: (_event, ctx) => {
        attempts.push(ctx.attempt);
        state.faults.failNext(2);
        throw new Error('no');
      },
    });
    const bench = openBench([job], { state: state.wrap });
    const esteira = await bench.run();
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await esteira.idle();
    expect(attempts).toEqual([1, 2]);
    expect(bench.types('job.sent_to_dlq')).toHaveLength(1);
    expect(await bench.read('bench.dlq.settle')).toHaveLength(1);
  });

  test('a worker says that it is suspended, and says so no more when it goes on', async () => {
    const state = faultyState();
    const { job } = recording();
    const bench = openBench([job], { state: state.wrap });
    const esteira = await bench.run();
    state.faults.failNext(3);
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await esteira.idle();
    const told = bench.lines.filter((line) => line.includes('state store: claim'));
    expect(told.map((line) => JSON.parse(line)['msg'])).toEqual([
      'state store: claim is suspended until it works again',
      'state store: claim works again',
    ]);
  });
});

/** A directory that rejects so many times before it answers. */
const failingDirectory = (failures: number): TenantDirectory & { asked: number } => {
  const known = knownTenants(['acme']);
  const directory = {
    asked: 0,
    resolve: async (id: string) => {
      directory.asked += 1;
      if (directory.asked <= failures) throw new Error('the directory has no connection');
      return known.resolve(id);
    },
  };
  return directory;
};

describe('while the tenant directory cannot say', () => {
  test('nobody is taken for unknown: records wait, and go on when it can', async () => {
    const { ledger, job } = recording();
    const tenants = failingDirectory(3);
    const bench = openBench([job], { tenants });
    const esteira = await bench.run();
    for (const id of ids(0, 5)) await esteira.publish(invoicePaid, invoice(id), { tenant: 'acme' });
    await esteira.publish(invoicePaid, invoice('lost'), { tenant: 'stranger' });
    await esteira.idle();
    oneEffectEach(ledger, ids(0, 5));
    expect(bench.types('job.sent_to_dlq')).toMatchObject([
      { reason: 'tenant_unresolved', tenantId: 'unknown' },
    ]);
    expect(tenants.asked).toBe(5);
  });
});

describe('while the registry cannot say', () => {
  test('records wait as they are, and are decoded when it can', async () => {
    let failures = 3;
    const serde = (real: Serde): Serde => ({
      encode: (contract, value) => real.encode(contract, value),
      recordName: (bytes) => real.recordName(bytes),
      warm: (contracts) => real.warm(contracts),
      decode: (contract, bytes) => {
        failures -= 1;
        if (failures >= 0)
          throw new EsteiraError('ESTEIRA_REGISTRY_UNAVAILABLE', 'the registry is made to be away');
        return real.decode(contract, bytes);
      },
    });
    const { ledger, job } = recording();
    const bench = openBench([job], { serde });
    const esteira = await bench.run();
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await esteira.idle();
    oneEffectEach(ledger, ['p1']);
    expect(bench.types('job.sent_to_dlq')).toEqual([]);
  });
});

describe('while telemetry cannot be written', () => {
  test('no offset is committed; once it can, each step is told once and the offsets follow', async () => {
    const ran = latch();
    const job = onInvoice({ run: () => ran.open() });
    const bench = openBench([job]);
    const esteira = await bench.run();
    bench.faults.failSends('bench.telemetry.jobs', 'ESTEIRA_BROKER_UNAVAILABLE');
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await ran.opened;
    await waitFor('the outage to be told', () =>
      bench.lines.some((line) => line.includes('telemetry.blocked')),
    );
    await expect(esteira.idle({ timeoutMs: 150 })).rejects.toMatchObject({ code: 'ESTEIRA_NOT_IDLE' });
    expect(await bench.committed()).toBe(0n);
    bench.faults.healSends('bench.telemetry.jobs');
    await esteira.idle();
    expect(await bench.committed()).toBe(1n);
    expect(await bench.read('bench.telemetry.jobs')).toHaveLength(2);
  });

  test('and the process stops in between, the next one tells what the mark still holds, without a second run', async () => {
    const ledger = new Ledger();
    const job = onInvoice({ run: (event, ctx) => ledger.write(event.paymentId, ctx.fence, ctx.jobId) });
    const bench = openBench([job]);
    const first = await bench.run();
    bench.faults.failSends('bench.telemetry.jobs', 'ESTEIRA_BROKER_UNAVAILABLE');
    await first.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await waitFor('the run to be completed', () => bench.types('job.completed').length === 1);
    await first.stop();
    bench.faults.healSends('bench.telemetry.jobs');
    const second = await bench.run();
    await second.idle();
    expect(ledger.effects).toHaveLength(1);
    // The start of the first run was lost with its process; the end is on the mark, and told.
    expect(await bench.read('bench.telemetry.jobs')).toHaveLength(1);
    expect(await bench.committed()).toBe(1n);
  });
});

test('while commits fail, work goes on, and the offsets follow once they are taken', async () => {
  const { ledger, job } = recording();
  const bench = openBench([job]);
  const esteira = await bench.run();
  bench.faults.failCommits(true);
  for (const id of ids(0, 20)) await esteira.publish(invoicePaid, invoice(id), { tenant: 'acme' });
  await waitFor('all effects', () => ledger.effects.length === 20);
  await waitFor('a refused commit', () => bench.lines.some((line) => line.includes('commit failed')));
  expect(await bench.committed()).toBe(0n);
  bench.faults.failCommits(false);
  await esteira.idle();
  oneEffectEach(ledger, ids(0, 20));
  expect(await bench.committed()).toBe(20n);
});
