import { expect, test } from 'vitest';
import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import type { ConsumedRecord } from '../../src/core/record.ts';
import { defineApp, defineEvent, defineJob, isEsteiraError, knownTenants } from '../../src/index.ts';
import { invoice } from '../support/invoices.ts';
import { freshName, startScenario } from '../support/scenario.ts';

const SECRETS = [
  'hunter2-acme-only',
  'sk_live_51H8acmeAcmeAcmeAcmeAcme',
  'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhY21lIn0.c2lnbmF0dXJlLW9mLWFjbWU',
];

/** What Esteira itself writes of a record: everything but the payload, which travels as it came. */
const written = (record: ConsumedRecord): string =>
  record.headers.map(([name, value]) => `${name}=${value?.toString('latin1')}`).join('\n');

// Promise: a payload that holds a secret does not leave; errors are redacted; nothing of one tenant reaches the other.
test('planted secrets of one tenant leave no trace in records, logs and errors of another', async () => {
  const ns = freshName('secrets');
  const paid = defineEvent(InvoicePaid, { topic: `${ns}.billing.events`, check: 'none', partitions: 1 });
  const leaky = defineJob<InvoicePaid>({
    ...{ type: 'leaky', kind: 'reactive', on: paid, order: 'none' },
    retry: { attempts: 2, backoff: '100ms' },
    run: (event, ctx) => {
      if (ctx.tenant === 'acme') {
        throw new Error(`login failed: password=${SECRETS[0]} token ${SECRETS[1]} Bearer ${SECRETS[2]}`);
      }
      throw new Error(`plain failure of ${event.paymentId}`);
    },
  });
  const app = defineApp({
    ...{ name: ns, events: [paid], jobs: [leaky], tiers: ['100ms'], partitions: 1 },
    tenants: knownTenants(['acme', 'globex']),
  });
  const lines: string[] = [];
  const scenario = await startScenario(app, {
    environment: { ...process.env, LOG_LEVEL: 'debug', WORKER_SHUTDOWN_GRACE_SECONDS: '2' },
    logTo: { write: (line) => lines.push(line) },
  });
  try {
    const withSecret = invoice('p0', { currency: `password=${SECRETS[0]}` });
    const refusal = await scenario.esteira
      .publish(paid, withSecret, { tenant: 'acme' })
      .catch((error: unknown) => error);
    expect(isEsteiraError(refusal, 'ESTEIRA_PAYLOAD_HOLDS_SECRET')).toBe(true);
    expect(String(refusal)).not.toContain(SECRETS[0]);

    for (const tenant of ['acme', 'globex']) {
      for (const id of ['a', 'b'])
        await scenario.esteira.publish(paid, invoice(`${tenant}-${id}`, { tenantId: tenant }), { tenant });
    }
    await scenario.esteira.idle({ timeoutMs: 60_000 });
    const own = [
      `${ns}.job.leaky`,
      `${ns}.dlq.leaky`,
      `${ns}.retry.100ms`,
      `${ns}.failures`,
      `${ns}.audit`,
      `${ns}.telemetry.jobs`,
    ];
    const everything: { topic: string; key: string; text: string }[] = [];
    for (const topic of own) {
      for (const record of await scenario.records(topic)) {
        const value =
          topic.endsWith('.failures') || topic.endsWith('.audit') || topic.endsWith('.telemetry.jobs');
        const text = written(record) + (value ? record.value?.toString('latin1') : '');
        everything.push({ topic, key: record.key?.toString() ?? '', text });
      }
    }
    expect(everything.filter(({ topic }) => topic.endsWith('.dlq.leaky'))).toHaveLength(4);
    for (const secret of SECRETS) {
      expect(everything.filter(({ text }) => text.includes(secret))).toEqual([]);
      expect(lines.filter((line) => line.includes(secret))).toEqual([]);
    }
    expect(everything.filter(({ key, text }) => key === 'globex' && text.includes('acme'))).toEqual([]);
    expect(everything.filter(({ key, text }) => key === 'acme' && text.includes('globex'))).toEqual([]);
    const mixed = lines.filter((line) => line.includes('"organizationId":"globex"') && line.includes('acme'));
    expect(mixed).toEqual([]);
    expect(lines.filter((line) => line.includes('"msg":"job.dead_letter"'))).toHaveLength(4);
  } finally {
    await scenario.close();
  }
});
