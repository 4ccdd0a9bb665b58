import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { InvoicePaid } from '../../../examples/condominium/generated/invoice-paid.ts';
import { jobIdOf } from '../../../src/core/ids.ts';
import { completed, defineJob, UnrecoverableError } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { waitFor } from '../../support/wait.ts';
import { invoicePaid, openBench, textHeaders } from './bench.ts';
import { PACK, packIdOf, packing, settling } from './follower-jobs.ts';

const tenant = 'acme';

describe('a completed job', () => {
  test('asks for each of its followers: for its tenant and user, in its chain, told as any dispatch', async () => {
    const { settle } = settling();
    const { pack, packed } = packing(settle);
    const reports: unknown[] = [];
    const report = defineJob<{ cents: number }>({
      ...{ type: 'report', kind: 'system', order: 'none', payload: z.object({ cents: z.number() }) },
      after: completed(settle, {
        map: ({ amountCents }) => ({ cents: amountCents }),
        when: ({ paymentId }) => paymentId === 'p1',
        ...{ delay: '50ms', priority: 2 },
      }),
      run: (payload, { traceparent }) => void reports.push({ ...payload, traceparent }),
    });
    const bench = openBench([settle, pack, report]);
    const esteira = await bench.run();
    const origin = { tenant, userId: 'ana', correlationId: 'chain-1' };
    await esteira.publish(invoicePaid, invoice('p1', { amountCents: 700 }), { ...origin, id: 'e1' });
    await esteira.publish(invoicePaid, invoice('p2'), { ...origin, id: 'e2' });
    await esteira.idle();
    const settled = bench.types('job.completed').find(({ jobType }) => jobType === 'settle');
    const first = packed.find(({ id }) => id === 'p1')?.ctx;
    expect(first).toMatchObject({
      ...origin,
      tenant,
      jobId: packIdOf('e1'),
      traceparent: settled?.traceparent,
    });
    expect(reports).toEqual([{ cents: 700, traceparent: settled?.traceparent }]);
    const told = bench.types('job.dispatched');
    expect(told.map(({ jobType }) => jobType).sort()).toEqual(['pack', 'pack', 'report']);
    expect(told.find(({ jobId }) => jobId === packIdOf('e1'))).toMatchObject({
      ...{ causationId: settled?.jobId, userId: 'ana', correlationId: 'chain-1', time: settled?.time },
      origin: `${PACK}/0/0`,
    });
    expect(told.find(({ jobType }) => jobType === 'report')?.dueAt).toBe((settled?.time ?? 0) + 50);
    const [waited] = await bench.read('bench.retry.50ms');
    expect(textHeaders(waited?.headers ?? [])).toMatchObject({
      ...{ 'job-type': 'report', 'job-target': 'bench.job.report.high', ce_causationid: settled?.jobId },
    });
  });

  test('is followed step by step, each with the payload as it came', async () => {
    const { settle } = settling();
    const { pack } = packing(settle);
    const shipped: unknown[] = [];
    const ship = defineJob<InvoicePaid>({
      ...{ type: 'ship', kind: 'reactive', order: 'key', after: completed(pack) },
      run: (payload) => void shipped.push(payload),
    });
    const bench = openBench([ship, pack, settle]);
    const esteira = await bench.run();
    await esteira.publish(invoicePaid, invoice('p1'), { tenant });
    await esteira.dispatch(pack, invoice('p2'), { tenant });
    await esteira.idle();
    expect(shipped).toHaveLength(2);
    expect(shipped).toEqual(expect.arrayContaining([invoice('p1'), invoice('p2')]));
  });

  test('of an ordered type is followed in order, by followers of the same key', async () => {
    const keyed = { order: ({ currency }: InvoicePaid) => currency };
    const { settle } = settling({
      ...{ ...keyed, holdFor: 0, retry: { attempts: 2, backoff: '20ms' } },
      run: ({ paymentId }, { attempt }) => {
        if (paymentId.endsWith('0') && attempt === 1) throw new Error('made to fail once');
      },
    });
    const { pack, ids } = packing(settle, keyed);
    const bench = openBench([settle, pack]);
    const esteira = await bench.run();
    const all = Array.from({ length: 30 }, (_, index) => `${'abc'[index % 3]}${Math.floor(index / 3)}`);
    for (const id of all)
      await esteira.publish(invoicePaid, invoice(id, { currency: id[0] ?? '' }), { tenant });
    await esteira.idle();
    const of = (list: readonly string[], key: string) => list.filter((id) => id.startsWith(key));
    for (const key of ['a', 'b', 'c']) expect(of(ids(), key)).toEqual(of(all, key));
  });
});

test('a job that is skipped, or dies, is not followed', async () => {
  const { settle } = settling({
    shouldRun: ({ paymentId }) => paymentId !== 'skip',
    run: ({ paymentId }) => {
      if (paymentId === 'die') throw new UnrecoverableError('no');
    },
  });
  const { pack, ids } = packing(settle);
  const bench = openBench([settle, pack]);
  const esteira = await bench.run();
  for (const id of ['skip', 'die', 'work']) await esteira.publish(invoicePaid, invoice(id), { tenant });
  await esteira.idle();
  expect(ids()).toEqual(['work']);
  expect(bench.types('job.dispatched')).toHaveLength(1);
});

test('a job that works at last, as a replayed dead letter, is followed', async () => {
  let isMended = false;
  const { settle } = settling({
    run: () => {
      if (!isMended) throw new UnrecoverableError('no');
    },
  });
  const { pack, packed } = packing(settle);
  const bench = openBench([settle, pack]);
  const esteira = await bench.run();
  await esteira.publish(invoicePaid, invoice('p1'), { tenant, id: 'e1' });
  await esteira.idle();
  isMended = true;
  const [letter] = await bench.read('bench.dlq.settle');
  const headers = (letter?.headers ?? []).filter(([name]) => name !== 'job-hop');
  await bench.write('bench.job.settle', letter?.value ?? null, [...headers, ['job-hop', Buffer.from('1')]]);
  await esteira.idle();
  expect(packed.map(({ ctx }) => ctx.jobId)).toEqual([packIdOf('e1')]);
});

describe('a follower that cannot be made', () => {
  const cents = z.object({ amountCents: z.number().positive() });
  const onto = (map: (paid: InvoicePaid) => unknown) => {
    const { settle, settled } = settling();
    const job = defineJob<unknown>({
      ...{ type: 'pack', kind: 'reactive', order: 'none', lanes: false, payload: cents },
      ...{ after: completed(settle, { map }), run: () => undefined },
    });
    return { settled, bench: openBench([settle, job]) };
  };

  test.each<[string, (paid: InvoicePaid) => unknown, string]>([
    [
      'its map throws',
      () => {
        throw new RangeError('quotes 4111 1111 1111 1111');
      },
      'MAP_FAILED: when, map or order of what it follows threw RangeError',
    ],
    ['it holds a secret', () => ({ password: 'correct horse' }), 'ESTEIRA_PAYLOAD_HOLDS_SECRET'],
    ['it has no JSON', () => ({ amountCents: 1n }), 'ESTEIRA_PAYLOAD_INVALID'],
    ['it breaks its check', () => ({ amountCents: -1 }), 'CHECK_FAILED: amountCents: too_small'],
  ])(
    'because %s is a dead letter of its own type, once, and its parent is done',
    async (_what, map, error) => {
      const { settled, bench } = onto(map);
      const esteira = await bench.run();
      await esteira.publish(invoicePaid, invoice('p1'), { tenant, id: 'e1' });
      await esteira.publish(invoicePaid, invoice('p2'), { tenant });
      await esteira.idle();
      expect(settled).toEqual(['p1', 'p2']);
      expect(await bench.committed()).toBe(2n);
      const [letter, ...rest] = await bench.read('bench.dlq.pack');
      expect(rest).toHaveLength(1);
      const headers = textHeaders(letter?.headers ?? []);
      expect(headers).toMatchObject({ 'job-id': packIdOf('e1'), 'job-dead-reason': 'payload_invalid' });
      expect(headers).toMatchObject({ ce_causationid: jobIdOf('bench', 'settle', 'bench', 'e1') });
      expect(`${headers['job-error-code']}: ${headers['job-error-message']}`).toContain(error);
      expect(bench.types('job.sent_to_dlq').map(({ jobType }) => jobType)).toEqual(['pack', 'pack']);
      expect(await bench.read('bench.failures')).toHaveLength(2);
    },
  );

  test('because it is too large suspends the type it follows, and is written once it fits', async () => {
    const { settle } = settling();
    const { pack, ids } = packing(settle);
    const bench = openBench([settle, pack]);
    const esteira = await bench.run();
    await bench.limit(PACK, 64);
    await esteira.publish(invoicePaid, invoice('p1'), { tenant });
    await waitFor('the type to be suspended', () =>
      bench.lines.some((line) => line.includes('raise max.message.bytes')),
    );
    expect(await bench.committed()).toBe(0n);
    await bench.limit(PACK, 1_000_000);
    await esteira.stop();
    const next = await bench.run();
    await next.idle();
    expect(ids()).toEqual(['p1']);
  });
});
