import { expect, test } from 'vitest';
import { z } from 'zod';
import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import { parseEnvelope } from '../../src/core/envelope.ts';
import { names } from '../../src/core/names.ts';
import { defineApp, defineEvent, defineJob, type JobEvent, start } from '../../src/index.ts';
import { invoice } from '../support/invoices.ts';
import { freshName, type Scenario, startScenario } from '../support/scenario.ts';
import { latch, waitFor } from '../support/wait.ts';

const PATIENCE = { timeoutMs: 60_000 };
const PARTITIONS = [0, 1];
const ENVIRONMENT = { ...process.env, LOG_LEVEL: 'silent', WORKER_SHUTDOWN_GRACE_SECONDS: '2' };

/** One app as two versions of it run it: the check of one refuses what the other takes. */
const openVersions = (order: 'none' | 'key') => {
  const ns = freshName('arrival');
  const directory = { knows: true };
  const go = latch();
  const ran: string[] = [];
  const versionOf = (takes: boolean) => {
    const paid = defineEvent(InvoicePaid, {
      ...{ topic: `${ns}.billing.events`, partitions: PARTITIONS.length },
      check: z.object({ amountCents: z.number() }).refine(() => takes),
    });
    const settle = defineJob<InvoicePaid>({
      ...{ type: 'settle', kind: 'reactive', on: paid, order, startFrom: 'beginning', lease: '2s' },
      run: async ({ paymentId }) => {
        ran.push(paymentId);
        await go.opened;
      },
    });
    return defineApp({
      ...{ name: ns, events: [paid], jobs: [settle], tiers: ['100ms', '1s'], partitions: 1 },
      tenants: { resolve: async (id) => (directory.knows ? { id } : undefined) },
    });
  };
  return { ns, directory, go, ran, before: versionOf(false), after: versionOf(true) };
};

/** Writes the same event again to each of these partitions. */
const writeEvent = async (
  { services }: Scenario,
  ns: string,
  partitions: readonly number[],
): Promise<void> => {
  const { broker, serde } = services.backend;
  const value = await serde.encode(InvoicePaid, invoice('p1'));
  const headers = { ce_id: 'e-1', ce_source: 'billing', ce_type: InvoicePaid.name, ce_tenantid: 'acme' };
  const producer = await broker.createProducer();
  for (const partition of partitions)
    await producer.send({
      ...{ topic: `${ns}.billing.events`, partition, key: Buffer.from('acme'), value },
      headers: Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)] as const),
    });
  await producer.close();
};

const lettersOf = async (scenario: Scenario, ns: string) =>
  (await scenario.records(`${ns}.dlq.settle`)).map(({ headers }) => parseEnvelope(headers, true).job);

// Promise: exactly one terminal state, also while workers of two versions share the group.
test('a worker that cannot read a job buries nothing that a worker of another version runs', async () => {
  const { ns, go, ran, before, after } = openVersions('none');
  const scenario = await startScenario(after);
  const toldBefore: JobEvent[] = [];
  try {
    await writeEvent(scenario, ns, [0]);
    await waitFor('it to run', () => ran.length === 1, PATIENCE);
    const old = await start(before, {
      ...{ backend: scenario.services.backend, environment: ENVIRONMENT },
      ...{ engine: { setAsideAfterMs: 100 }, onJobEvent: (event) => toldBefore.push(event) },
    });
    // Whichever partition is the old one's, it has a copy.
    await writeEvent(scenario, ns, PARTITIONS);
    const ofOld = (type: JobEvent['type']) => toldBefore.filter((event) => event.type === type);
    await waitFor(
      'the old one to put it off, or to bury it',
      () => ofOld('job.deferred').length + ofOld('job.sent_to_dlq').length > 0,
      PATIENCE,
    );
    go.open();
    await waitFor('its end', () => scenario.toldOf('job.completed').length === 1, PATIENCE);
    await scenario.esteira.idle(PATIENCE);
    await old.stop();
    expect(ofOld('job.deferred')[0]).toMatchObject({ reason: 'running_elsewhere' });
    expect(ran).toEqual(['p1']);
    expect(ofOld('job.sent_to_dlq')).toEqual([]);
    expect(await lettersOf(scenario, ns)).toEqual([]);
  } finally {
    go.open();
    await scenario.close();
  }
});

// Promise: a dead letter is never run again without a human, also when its record comes again.
test.each(['none', 'key'] as const)(
  'a record whose tenant was not known stays dead when it comes again and its tenant is, order %s',
  async (order) => {
    const { ns, directory, go, ran, after } = openVersions(order);
    go.open();
    directory.knows = false;
    const scenario = await startScenario(after);
    try {
      const { backend } = scenario.services;
      await writeEvent(scenario, ns, [0]);
      await waitFor('its letter', () => scenario.toldOf('job.sent_to_dlq').length === 1, PATIENCE);
      await scenario.esteira.idle(PATIENCE);
      await scenario.esteira.stop();
      directory.knows = true;
      const at = { topic: `${ns}.billing.events`, partition: 0, offset: 0n, metadata: '' };
      await backend.broker.admin.setCommittedOffsets(names.jobGroup(ns, 'settle'), [at]);
      const again = await start(after, { backend, environment: ENVIRONMENT });
      await again.idle(PATIENCE);
      await again.stop();
      expect(ran).toEqual([]);
      expect(await lettersOf(scenario, ns)).toMatchObject([{ deadReason: 'tenant_unresolved' }]);
    } finally {
      await scenario.close();
    }
  },
);
