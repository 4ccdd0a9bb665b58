import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import { contextHeaders, withJobHeaders } from '../../src/core/envelope.ts';
import { jobIdOf } from '../../src/core/ids.ts';
import { names } from '../../src/core/names.ts';
import type { DeadReason } from '../../src/core/outcome.ts';
import type { Backend } from '../../src/runtime/backend.ts';
import { invoice } from './invoices.ts';
import { REPLAY_JOB } from './replay-app.ts';

const REASONS: readonly DeadReason[] = ['attempts_exhausted', 'unrecoverable', 'max_age', 'starts_exhausted'];
const TENANTS = ['acme', 'globex', 'initech'];

const turn = <T>(list: readonly T[], index: number): T | undefined => list[index % list.length];

/** Puts dead letters of mixed reasons, causes and tenants on the DLQ; `isBad` says whose job will fail again. */
export const writeLetters = async (
  { broker, serde }: Pick<Backend, 'broker' | 'serde'>,
  ns: string,
  count: number,
  { first = 0, isBad = () => false }: { first?: number; isBad?: (index: number) => boolean } = {},
): Promise<void> => {
  const producer = await broker.createProducer();
  const topic = names.deadLetters(ns, REPLAY_JOB);
  const write = async (index: number): Promise<void> => {
    const id = `e-${index}`;
    const tenant = turn(TENANTS, index) ?? '';
    const context = {
      eventId: id,
      eventType: InvoicePaid.name,
      source: 'billing',
      tenant,
      correlationId: id,
    };
    const value = await serde.encode(
      InvoicePaid,
      invoice(id, isBad(index) ? { invoiceId: `bad-${index}` } : {}),
    );
    await producer.send({
      ...{ topic, key: Buffer.from(`key-${index}`), value },
      headers: withJobHeaders(contextHeaders(context), {
        ...{ id: jobIdOf(ns, REPLAY_JOB, 'billing', id), type: REPLAY_JOB, attempt: 1, starts: 1, hop: 1 },
        ...{ origin: `${ns}.events/0/${index}`, replayCount: 0, deadReason: turn(REASONS, index) ?? '' },
        error: { code: 'EINK', class: 'transient', message: 'no ink', fingerprint: `cause-${index % 7}` },
      }),
    });
  };
  for (let at = first; at < first + count; at += 2_000)
    await Promise.all(
      Array.from({ length: Math.min(2_000, first + count - at) }, (_, index) => write(at + index)),
    );
  await producer.close();
};
