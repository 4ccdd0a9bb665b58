import { expect, test } from 'vitest';
import { scanTelemetry } from '../../../../src/runtime/inspection/telemetry-scan.ts';
import { invoice } from '../../../support/invoices.ts';
import { invoicePaid, onInvoice, openBench } from '../../consumers/bench.ts';

const toldBench = async () => {
  const bench = openBench([onInvoice()], { partitions: 4 });
  const esteira = await bench.run();
  for (const tenant of ['acme', 'globex'])
    for (let count = 1; count <= 5; count += 1)
      await esteira.publish(invoicePaid, invoice(`${tenant}-${count}`), { tenant });
  await esteira.idle();
  const scan = (more: Partial<Parameters<typeof scanTelemetry>[0]>) => {
    const found: string[] = [];
    const nowMs = Date.now();
    return scanTelemetry({
      ...{ app: bench.app, admin: bench.backend.broker.admin, serde: bench.backend.serde },
      ...{ wanted: ['job.completed'], nowMs, sinceMs: nowMs - 3_600_000 },
      onFound: (events) => found.push(...events.map(({ tenantId }) => tenantId)) < 0,
      ...more,
    }).then((read) => ({ read, found, nowMs }));
  };
  return scan;
};

test('everything wanted is found once, over all windows and partitions', async () => {
  const scan = await toldBench();
  const { read, found, nowMs } = await scan({});
  expect(found.toSorted()).toEqual([...Array(5).fill('acme'), ...Array(5).fill('globex')]);
  expect(read).toEqual({ records: 20, backToMs: nowMs - 3_600_000, isCut: false });
});

test('with a tenant only its partition is read', async () => {
  const scan = await toldBench();
  const { read, found } = await scan({ tenant: 'globex' });
  expect(found.filter((tenant) => tenant === 'globex')).toHaveLength(5);
  expect(read.records).toBe(10);
});

test('it ends as soon as enough was found, and says so when it had to end before', async () => {
  const scan = await toldBench();
  const early = await scan({ onFound: () => true });
  expect(early.read).toMatchObject({ backToMs: early.nowMs - 60_000, isCut: false });
  const cut = await scan({ mostRecords: 7 });
  expect(cut.read).toMatchObject({ records: 7, isCut: true, backToMs: cut.nowMs });
});
