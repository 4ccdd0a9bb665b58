import { expect, test } from 'vitest';
import { invoice } from '../../support/invoices.ts';
import { invoicePaid, onInvoice, openBench } from '../consumers/bench.ts';

const versionsTold = async (environment: Readonly<Record<string, string>>) => {
  const bench = openBench([onInvoice()]);
  const esteira = await bench.run({ environment: { LOG_LEVEL: 'silent', ...environment } });
  await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
  await esteira.idle();
  return bench.told.map(({ service, codeVersion }) => [service, codeVersion]);
};

// The contract had the field from the beginning, and nothing could fill it.
test('the version of the code that a process is started with stands on every event it tells', async () => {
  const environment = { SERVICE_NAME: 'billing-workers', SERVICE_VERSION: '1.4.2' };
  expect(await versionsTold(environment)).toEqual([
    ['billing-workers', '1.4.2'],
    ['billing-workers', '1.4.2'],
  ]);
});

test('without one, none is told, and the service is called as its app', async () => {
  expect(await versionsTold({})).toEqual([
    ['bench', null],
    ['bench', null],
  ]);
});
