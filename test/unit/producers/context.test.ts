import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineJob, type Esteira } from '../../../src/index.ts';
import { runInJobContext } from '../../../src/security/job-context.ts';
import { invoice } from '../../support/invoices.ts';
import { only } from '../../support/only.ts';
import { invoicePaid, onInvoice, openBench, textHeaders } from '../consumers/bench.ts';

const note = defineJob({
  ...{ type: 'note', kind: 'system', order: 'none', run: () => undefined },
  payload: z.object({ text: z.string() }),
});

it('what a running job publishes and dispatches belongs to its chain, in its tenant only if it says so', async () => {
  const running: { esteira?: Esteira; jobId?: string } = {};
  const first = onInvoice({
    run: async (event, ctx) => {
      if (ctx.tenant !== 'acme') return;
      running.jobId = ctx.jobId;
      await running.esteira?.publish(invoicePaid, event, { tenant: 'globex' });
      await running.esteira?.dispatch(note, { text: 'paid' }, { tenant: 'acme' });
    },
  });
  const bench = openBench([first, note]);
  const esteira = await bench.run();
  running.esteira = esteira;
  const cause = await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme', userId: 'ana' });
  await esteira.idle();
  const [start, follow] = (await bench.read('billing.events')).map(({ headers }) => textHeaders(headers));
  const asked = textHeaders(only(await bench.read('bench.job.note')).headers);
  const chain = {
    ce_correlationid: cause.correlationId,
    ce_causationid: running.jobId,
    ce_userid: 'ana',
    traceparent: start?.['traceparent'],
  };
  expect(follow).toMatchObject({ ...chain, ce_tenantid: 'globex' });
  expect(asked).toMatchObject({ ...chain, ce_tenantid: 'acme' });
});

const running = {
  ...{ jobId: 'j-1', jobType: 'settle', tenant: 'acme', correlationId: 'c-1', userId: 'ana' },
  traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
};

it('a job does not lend its tenant: what names none is refused inside it too', async () => {
  const bench = openBench([]);
  const esteira = await bench.run({ roles: [] });
  const publishing = runInJobContext(running, () => esteira.publish(invoicePaid, invoice('p1'), {} as never));
  await expect(publishing).rejects.toMatchObject({ code: 'ESTEIRA_TENANT_MISSING' });
});

it('what the caller says goes before what the running job would pass on', async () => {
  const bench = openBench([]);
  const esteira = await bench.run({ roles: [] });
  const own = { correlationId: 'mine', causationId: 'why', userId: 'bia', traceparent: 'my-trace' };
  await runInJobContext(running, () =>
    esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme', ...own }),
  );
  await esteira.publish(invoicePaid, invoice('p2'), { tenant: 'acme' });
  const [told, outside] = (await bench.read('billing.events')).map(({ headers }) => textHeaders(headers));
  expect(told).toMatchObject({
    ...{ ce_correlationid: 'mine', ce_causationid: 'why', ce_userid: 'bia', traceparent: 'my-trace' },
  });
  expect(outside).not.toHaveProperty('ce_userid');
  expect(outside?.['ce_correlationid']).toBe(outside?.['ce_id']);
});
