import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import { TenantCreated } from '../../examples/condominium/generated/tenant-created.ts';
import {
  completed,
  type DispatchedJob,
  defineEvent,
  defineJob,
  type Esteira,
  type EventDefinition,
  type JobContext,
  type JobDefinition,
  type PublishedEvent,
  type QueueOptions,
  type Trigger,
  trigger,
} from '../../src/index.ts';

// What these claim is held by `tsc` (npm run check): a wrong type, and an error that does not come, both fail there.

const invoicePaid = defineEvent(InvoicePaid, { topic: 'billing.events', check: 'none' });
const tenantCreated = defineEvent(TenantCreated, { topic: 'tenant.events', check: 'none' });
const base = { type: 'a', kind: 'system', order: 'none' } as const;
const run = (): void => undefined;

test('an event has the type its schema was generated to', () => {
  expectTypeOf(invoicePaid).toEqualTypeOf<EventDefinition<InvoicePaid>>();
  expectTypeOf(tenantCreated).not.toEqualTypeOf<EventDefinition<InvoicePaid>>();
});

test('an event says openly whether its payload is checked', () => {
  // @ts-expect-error a check, or 'none', must be said
  defineEvent(InvoicePaid, { topic: 'billing.events' });
});

test('a handler gets the payload of the event it listens to', () => {
  const job = defineJob({
    ...{ ...base, on: invoicePaid },
    idempotencyKey: (payload) => payload.paymentId,
    run: (payload, ctx) => {
      expectTypeOf(payload).toEqualTypeOf<InvoicePaid>();
      expectTypeOf(ctx).toEqualTypeOf<JobContext>();
    },
  });
  expectTypeOf(job).toEqualTypeOf<JobDefinition<InvoicePaid>>();
});

test('a handler gets what its trigger maps the event to', () => {
  const mapped = trigger(invoicePaid, {
    when: (event) => event.amountCents > 0,
    map: ({ amountCents }) => ({ cents: amountCents }),
  });
  expectTypeOf(mapped).toEqualTypeOf<Trigger<{ cents: number }>>();
  defineJob({
    ...base,
    on: mapped,
    run: (payload) => expectTypeOf(payload).toEqualTypeOf<{ cents: number }>(),
  });
});

test('a handler gets the payload of the job type it follows, or what is made of it', () => {
  const settle = defineJob({ ...base, on: invoicePaid, run });
  const pack = defineJob({
    ...{ ...base, type: 'b', after: completed(settle) },
    run: (payload) => expectTypeOf(payload).toEqualTypeOf<InvoicePaid>(),
  });
  expectTypeOf(pack).toEqualTypeOf<JobDefinition<InvoicePaid>>();
  const report = completed(pack, {
    when: (payload) => payload.amountCents > 0,
    map: ({ amountCents }) => ({ cents: amountCents }),
  });
  defineJob({
    ...{ ...base, type: 'c', after: [report], payload: z.object({ cents: z.number() }) },
    run: (payload) => expectTypeOf(payload).toEqualTypeOf<{ cents: number }>(),
  });
  // @ts-expect-error the handler wants another payload
  defineJob({ ...base, after: completed(settle), run: (_: { month: string }) => undefined });
  // @ts-expect-error its dispatches carry another payload
  defineJob({ ...base, after: completed(settle), payload: z.object({ cents: z.number() }), run });
  // @ts-expect-error the map is given the payload of the job type
  completed(settle, { map: (payload: { month: string }) => payload });
});

test('a handler gets what the payload contract of its dispatches says', () => {
  const report = defineJob({
    ...{ ...base, payload: z.object({ month: z.string() }) },
    run: (payload) => expectTypeOf(payload).toEqualTypeOf<{ month: string }>(),
  });
  expectTypeOf(report).toEqualTypeOf<JobDefinition<{ month: string }>>();
  defineJob({
    ...{ ...base, payload: { avro: InvoicePaid, check: 'none' as const } },
    run: (payload) => expectTypeOf(payload).toEqualTypeOf<InvoicePaid>(),
  });
});

test('a job type refuses a trigger, a key or a handler of another payload', () => {
  const cents = z.object({ cents: z.number() });
  // @ts-expect-error the event's payload is not what its dispatches carry
  defineJob({ ...base, on: invoicePaid, payload: cents, run });
  // @ts-expect-error the handler wants another payload
  defineJob({ ...base, on: invoicePaid, run: (_: { month: string }) => undefined });
  // @ts-expect-error the payload has no such field
  defineJob({ ...base, on: invoicePaid, idempotencyKey: (payload) => payload.paymentKey, run });
  // @ts-expect-error a key is text
  defineJob({ ...base, on: invoicePaid, order: (payload) => payload.amountCents, run });
  // @ts-expect-error the map is given the event
  trigger(invoicePaid, { map: (event: { month: string }) => event });
});

test('a job type must say its order, kind and handler, and durations that are some', () => {
  // @ts-expect-error order has no default
  expect(defineJob({ type: 'a', kind: 'system', run }).problems).toHaveLength(1);
  // @ts-expect-error no duration
  expect(defineJob({ ...base, lease: '30 seconds', run }).problems).toHaveLength(1);
  // @ts-expect-error the kinds are four
  defineJob({ ...base, kind: 'batch', run });
  // @ts-expect-error no handler
  defineJob(base);
});

test('a lock and a precondition are given the payload, and a queue the limits it knows', () => {
  defineJob({
    ...{ ...base, on: invoicePaid, run },
    lock: { key: ({ paymentId }) => paymentId },
    shouldRun: (payload, ctx) => {
      expectTypeOf(payload).toEqualTypeOf<InvoicePaid>();
      expectTypeOf(ctx).toEqualTypeOf<JobContext>();
      return true;
    },
  });
  expectTypeOf<{ priority: 'high'; tenants: { tiers: { gold: { weight: 4 } } } }>().toExtend<QueueOptions>();
  expectTypeOf<{ priority: 'urgent' }>().not.toExtend<QueueOptions>();
});

test('publish takes the payload of the event and a tenant, and answers what is on the topic', () => {
  const publish = async (esteira: Esteira, invoice: InvoicePaid, created: TenantCreated) => {
    expectTypeOf(
      await esteira.publish(invoicePaid, invoice, { tenant: 'acme' }),
    ).toEqualTypeOf<PublishedEvent>();
    // @ts-expect-error the payload of another event
    await esteira.publish(invoicePaid, created, { tenant: 'acme' });
    // @ts-expect-error a field is missing
    await esteira.publish(invoicePaid, { invoiceId: '1' }, { tenant: 'acme' });
    // @ts-expect-error no tenant
    await esteira.publish(invoicePaid, invoice, {});
    // @ts-expect-error no options
    await esteira.publish(invoicePaid, invoice);
  };
  expectTypeOf(publish).toBeFunction();
});

test('dispatch takes the payload of the job type and a tenant, and answers the job', () => {
  const report = defineJob({ ...base, payload: z.object({ month: z.string() }), run });
  const dispatch = async (esteira: Esteira) => {
    const options = { tenant: 'acme', delay: '10m', priority: 1 } as const;
    expectTypeOf(
      await esteira.dispatch(report, { month: '2026-10' }, options),
    ).toEqualTypeOf<DispatchedJob>();
    // @ts-expect-error a wrong payload
    await esteira.dispatch(report, { month: 10 }, options);
    // @ts-expect-error no tenant
    await esteira.dispatch(report, { month: '2026-10' }, { delay: '10m' });
    // @ts-expect-error no duration
    await esteira.dispatch(report, { month: '2026-10' }, { tenant: 'acme', delay: '10 minutes' });
  };
  expectTypeOf(dispatch).toBeFunction();
});

test('a handler logs plain facts, never its payload', () => {
  const report = defineJob({
    ...{ ...base, payload: z.object({ month: z.string() }) },
    run: (payload, ctx) => {
      ctx.log.info('report asked for', { month: payload.month, pages: 3, final: true });
      // @ts-expect-error an object may be a payload
      ctx.log.info('report asked for', { payload });
    },
  });
  expectTypeOf(report.run).toBeFunction();
});
