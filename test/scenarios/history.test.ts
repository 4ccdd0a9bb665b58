import { expect, test } from 'vitest';
import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import { defineApp, defineEvent, defineJob, knownTenants, start } from '../../src/index.ts';
import { applyTopics } from '../../src/runtime/topics/index.ts';
import { invoice } from '../support/invoices.ts';
import { freshName, startScenario } from '../support/scenario.ts';

// Promise: a new job type on a topic with history does not run the history, unless it is told to.
test('a new job type does not run what its topic held before, unless it starts from the beginning', async () => {
  const ns = freshName('history');
  const paid = defineEvent(InvoicePaid, { topic: `${ns}.billing.events`, check: 'none', partitions: 2 });
  const ran: string[] = [];
  const job = (type: string, startFrom: 'now' | 'beginning') =>
    defineJob<InvoicePaid>({
      ...{ type, kind: 'reactive', on: paid, order: 'none', startFrom },
      run: (event) => {
        ran.push(`${type} ${event.paymentId}`);
      },
    });
  const appWith = (...jobs: ReturnType<typeof job>[]) =>
    defineApp({
      ...{ name: ns, events: [paid], jobs, tiers: ['100ms'], partitions: 2 },
      tenants: knownTenants(['acme']),
    });
  const before = await startScenario(appWith(job('old', 'beginning')));
  try {
    for (const id of ['h1', 'h2']) await before.esteira.publish(paid, invoice(id), { tenant: 'acme' });
    await before.esteira.idle();
    const grown = appWith(job('old', 'now'), job('fresh', 'now'), job('eager', 'beginning'));
    const { backend } = before.services;

    // The group of a new job type has no offsets yet: nothing starts before somebody has decided.
    await expect(start(grown, { backend, roles: ['worker'] })).rejects.toMatchObject({
      code: expect.stringMatching(/^ESTEIRA_(OFFSETS_MISSING|TOPICS_DIFFER)$/),
    });
    await applyTopics(grown, backend.broker.admin, {});
    await before.esteira.stop();
    const after = await start(grown, { environment: { ...process.env, LOG_LEVEL: 'silent' }, backend });
    await after.publish(paid, invoice('n1'), { tenant: 'acme' });
    await after.idle();
    await after.stop();
    expect(ran.sort()).toEqual([
      'eager h1',
      'eager h2',
      'eager n1',
      'fresh n1',
      'old h1',
      'old h2',
      'old n1',
    ]);
  } finally {
    await before.close();
  }
});
