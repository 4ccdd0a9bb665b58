import { AuditRecord } from '../../../../src/core/generated/audit-record.ts';
import { silentLog } from '../../../../src/core/ports/log.ts';
import type { Esteira } from '../../../../src/index.ts';
import { cancelJob, changePause, purgeQueue } from '../../../../src/runtime/control/index.ts';
import { invoice } from '../../../support/invoices.ts';
import { waitFor } from '../../../support/wait.ts';
import { invoicePaid, openBench } from '../../consumers/bench.ts';
import { lookAt } from '../inspection/look.ts';

/** What can be paused. */
export type Target = Parameters<typeof changePause>[1]['target'];

const who = { actor: 'ana', reason: 'the mail provider asked us to' };
const identity = { service: 'bench', host: 'host-a' };

/** A bench and what an operator does to it. */
export const operatedBench = (...args: Parameters<typeof openBench>) => {
  const bench = openBench(...args);
  const { app, backend } = bench;
  const parts = { app, backend, identity, log: silentLog };
  const asked = () => ({ ...who, run: true, nowMs: Date.now() });
  const order = (change: 'pause' | 'resume', target: Target, more: object = {}) =>
    changePause(parts, { ...asked(), change, target, ...more });
  const cancel = (jobId: string) => cancelJob(parts, { ...asked(), jobId, sinceMs: Date.now() - 60_000 });
  const purge = (run = true) => purgeQueue(parts, { ...asked(), run, queue: 'default' });
  const audits = async () => {
    const records = await bench.read('bench.audit');
    return Promise.all(
      records.map(async ({ value }) => {
        const decoded = await backend.serde.decode(AuditRecord, value);
        if (!decoded.ok) throw new Error(decoded.detail);
        return decoded.value;
      }),
    );
  };
  /** Resolves when the running process has read so many changes of the rules. */
  const obeyed = (changes: number) =>
    waitFor(`${changes} changes of the rules`, () => {
      const read = bench.lines.filter((line) => line.includes('rules of operators have changed'));
      return read.length >= changes;
    });
  return { ...bench, parts, order, cancel, purge, audits, obeyed, look: lookAt(bench).look };
};

/** Publishes an invoice; its ordering key, where a job type has one, is the currency. */
export const publish = (esteira: Esteira, id: string, tenant = 'acme', currency = 'EUR') =>
  esteira.publish(invoicePaid, invoice(id, { currency }), { tenant, id });
