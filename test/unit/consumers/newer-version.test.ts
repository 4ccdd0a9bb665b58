import { describe, expect, test } from 'vitest';
import { InvoicePaid } from '../../../examples/condominium/generated/invoice-paid.ts';
import { parseEnvelope } from '../../../src/core/envelope.ts';
import type { StartOptions } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { waitFor } from '../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from './bench.ts';

// The bug it was: in a rolling deploy that gives a job type one more event, a retry of that event came to a process of
// the version before, which made a dead letter of it at once.

const INBOX = 'bench.job.settle';
const MINUTE_MS = 60_000;

const copyOf = (changes: Readonly<Record<string, string>> = {}) =>
  Object.entries({
    ...{ ce_id: 'e-1', ce_source: 'billing', ce_type: 'billing.RefundPaid', ce_tenantid: 'acme' },
    ...{ 'job-id': 'j-1', 'job-type': 'settle', 'job-attempt': '2', 'job-starts': '1', 'job-hop': '2' },
    ...{ 'job-origin': 'billing.events/0/7', 'job-order-key': 'k-1' },
    ...changes,
  }).map(([name, text]) => [name, Buffer.from(text)] as const);

const open = async (order: 'none' | 'key', engine: NonNullable<StartOptions['engine']> = {}) => {
  const bench = openBench([onInvoice({ order, lease: '2s' })]);
  const esteira = await bench.run({ engine });
  return {
    esteira,
    put: (ageMs: number, changes?: Readonly<Record<string, string>>) =>
      bench.write(INBOX, Buffer.from('unknown'), copyOf(changes), 'acme', Date.now() - ageMs),
    putKnown: async (number: number) =>
      bench.write(
        INBOX,
        await bench.backend.serde.encode(InvoicePaid, invoice(`p${number}`)),
        copyOf({ ce_id: `e-k${number}`, ce_type: invoicePaid.type, 'job-id': `k-${number}` }),
      ),
    letters: async () =>
      (await bench.read('bench.dlq.settle')).map(({ headers }) => parseEnvelope(headers, true).job),
  };
};

describe.each(['none', 'key'] as const)(
  'a copy of an event that only a newer version knows, order %s',
  (order) => {
    test('waits where it is for a process that knows it', async () => {
      const { esteira, put, letters } = await open(order);
      await put(9 * MINUTE_MS);
      const idle = esteira.idle().then(() => 'idle');
      const later = new Promise((resolve) => setTimeout(() => resolve('it waits'), 500));
      expect(await Promise.race([idle, later])).toBe('it waits');
      expect(await letters()).toEqual([]);
    });

    test('dies when nobody has taken it over for ten minutes', async () => {
      const { put, letters } = await open(order);
      await put(10 * MINUTE_MS + 1);
      await waitFor('its letter', async () => (await letters()).length === 1);
      expect(await letters()).toMatchObject([{ id: 'j-1', deadReason: 'undecodable' }]);
    });

    test('dies at once where it is no job of this type', async () => {
      const { put, letters } = await open(order);
      await put(0, { 'job-type': 'another' });
      await waitFor('its letter', async () => (await letters()).length === 1);
    });
  },
);

test('one that its partition stands still behind dies at once', async () => {
  const { put, putKnown, letters } = await open('none', { window: { records: 4, bytes: 1024 * 1024 } });
  await put(0);
  for (let number = 0; number < 8; number += 1) await putKnown(number);
  await waitFor('its letter', async () => (await letters()).length === 1);
});
