import { expect, test } from 'vitest';
import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import { parseEnvelope } from '../../src/core/envelope.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import type { ConsumedRecord, RecordHeaders } from '../../src/core/record.ts';
import {
  AuditRecord,
  defineApp,
  defineEvent,
  defineJob,
  knownTenants,
  UnrecoverableError,
} from '../../src/index.ts';
import { replayNow, withReplay } from '../../src/runtime/replay/index.ts';
import { freshName, type Scenario, startScenario } from '../support/scenario.ts';

const INVOICE: InvoicePaid = {
  ...{ tenantId: 'acme', invoiceId: 'i-1', paymentId: 'p-1', amountCents: 100, currency: 'BRL' },
  ...{ lines: [], paidAt: 1_760_000_000_000 },
};

/** An app in which sending a receipt fails for good until it is mended, and counting never does. */
const shop = () => {
  const ns = freshName('replay');
  const paid = defineEvent(InvoicePaid, { topic: `${ns}.events`, check: 'none', partitions: 2 });
  const ran: string[] = [];
  const mended = { yes: false };
  const once = { attempts: 1 };
  const receipt = defineJob({
    ...({ type: 'send-receipt', kind: 'reactive', on: paid, order: 'none', retry: once } as const),
    run: (_, ctx) => {
      ran.push(`${ctx.jobType} starts ${ctx.starts}`);
      if (!mended.yes) throw new UnrecoverableError('the template is broken');
    },
  });
  const count = defineJob({
    ...({ type: 'count-money', kind: 'system', on: paid, order: 'none', retry: once } as const),
    run: (_, ctx) => ran.push(`${ctx.jobType} starts ${ctx.starts}`),
  });
  const jobs = [receipt, count];
  const app = defineApp({
    ...{ name: ns, events: [paid], jobs, tenants: knownTenants(['acme']), tiers: ['1s'], partitions: 2 },
  });
  return { ns, app, ran, mended };
};

type Shop = ReturnType<typeof shop>;

/** An event as a foreign client writes it: odd bytes, a name twice, a header without a value. */
const FOREIGN: RecordHeaders = [
  ['ce_id', Buffer.from('e-1')],
  ['ce_type', Buffer.from(InvoicePaid.name)],
  ['ce_source', Buffer.from('billing')],
  ['ce_tenantid', Buffer.from('acme')],
  ['x-odd', Buffer.from([0, 255, 254])],
  ['x-twice', Buffer.from('a')],
  ['x-twice', Buffer.from('b')],
  ['x-null', null],
];

const publishForeign = async ({ services }: Scenario, ns: string): Promise<void> => {
  const { broker, serde } = services.backend;
  const producer = await broker.createProducer();
  const value = await serde.encode(InvoicePaid, INVOICE);
  await producer.send({ topic: `${ns}.events`, key: Buffer.from('acme'), value, headers: FOREIGN });
};

const replayAll = ({ app }: Shop, { services }: Scenario, run = true) =>
  withReplay(
    {
      ...{ app, backend: services.backend, log: silentLog, service: { service: 'it', host: 'here' } },
      operator: { name: 'ana', roles: ['operator'] },
    },
    (parts) => replayNow(parts, { selection: { jobType: 'send-receipt' }, reason: 'mended', run }),
  );

const bytesOf = ({ key, value, headers }: ConsumedRecord) => ({
  ...{ key, value, foreign: headers.filter(([name]) => !name.startsWith('job-')) },
});

const auditOf = async (scenario: Scenario, topic: string): Promise<readonly AuditRecord[]> => {
  const { serde } = scenario.services.backend;
  const records = await scenario.records(topic);
  const decoded = await Promise.all(records.map(({ value }) => serde.decode(AuditRecord, value)));
  return decoded.flatMap((one) => (one.ok ? [one.value] : []));
};

// Promise: an unrecoverable job becomes one dead letter with key, value and foreign headers unchanged, and never runs
// again without a human; what a human replays goes only to the inbox of its own job type, audited, and takes effect once.
test('a dead letter runs again only when a human replays it, and then once', async () => {
  const app = shop();
  const { ns, ran, mended } = app;
  const scenario = await startScenario(app.app);
  try {
    await publishForeign(scenario, ns);
    await scenario.esteira.idle({ timeoutMs: 60_000 });
    expect([...ran].sort()).toEqual(['count-money starts 1', 'send-receipt starts 1']);
    const [event] = await scenario.records(`${ns}.events`);
    const [dead, another] = await scenario.records(`${ns}.dlq.send-receipt`);
    if (event === undefined || dead === undefined) throw new Error('no dead letter');
    expect(another).toBeUndefined();
    expect(bytesOf(dead)).toEqual(bytesOf(event));

    expect((await replayAll(app, scenario, false)).items).toMatchObject([{ outcome: 'would_replay' }]);
    await scenario.esteira.idle({ timeoutMs: 60_000 });
    expect(ran).toHaveLength(2);

    mended.yes = true;
    const { replayId, items } = await replayAll(app, scenario);
    expect(items).toMatchObject([{ outcome: 'replayed' }]);
    await scenario.esteira.idle({ timeoutMs: 60_000 });
    expect(ran.slice(2)).toEqual(['send-receipt starts 1']);
    const [copy] = await scenario.records(`${ns}.job.send-receipt`);
    if (copy === undefined) throw new Error('nothing was replayed');
    expect(bytesOf(copy)).toEqual(bytesOf(event));
    expect(parseEnvelope(copy.headers, true).job).toMatchObject({ hop: 2, replayId, replayCount: 1 });
    expect(await scenario.records(`${ns}.job.count-money`)).toEqual([]);
    const audited = (await auditOf(scenario, `${ns}.audit`)).filter(({ action }) => action === 'dlq.replay');
    expect(audited).toMatchObject([
      { actor: 'ana', reason: 'mended', tenantId: 'acme', details: { replayId } },
    ]);
    expect(audited[0]?.at).toBeLessThanOrEqual(copy.timestampMs);

    // The dead letter stays on its topic; replaying it once more must not run the job once more.
    expect((await replayAll(app, scenario)).items).toMatchObject([{ outcome: 'done' }]);
    await scenario.esteira.idle({ timeoutMs: 60_000 });
    expect(ran).toHaveLength(3);
    expect(scenario.toldOf('job.completed').filter(({ jobType }) => jobType === 'send-receipt')).toHaveLength(
      1,
    );
  } finally {
    await scenario.close();
  }
});
