import { InvoicePaid } from '../../../../examples/condominium/generated/invoice-paid.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { contextHeaders, parseEnvelope } from '../../../../src/core/envelope.ts';
import { AuditRecord } from '../../../../src/core/generated/audit-record.ts';
import { silentLog } from '../../../../src/core/ports/log.ts';
import type { RecordPosition } from '../../../../src/core/record.ts';
import type { AppOptions } from '../../../../src/index.ts';
import { openControlLog } from '../../../../src/runtime/control/control-log.ts';
import {
  approveReplay,
  type PlanFile,
  type ReplayedRecord,
  type ReplayParts,
  replayResults,
  reviewReplay,
  runReplay,
} from '../../../../src/runtime/replay/index.ts';
import { openReplayWriter } from '../../../../src/runtime/replay-writer.ts';
import { applyTopics } from '../../../../src/runtime/topics/index.ts';
import { planWindow, type WindowRequest } from '../../../../src/runtime/window/index.ts';
import { invoice } from '../../../support/invoices.ts';
import { type BenchOptions, openBench } from '../../consumers/bench.ts';

export const TOPIC = 'billing.events';
export const INBOX = 'bench.job.settle';
export const reason = 'the rule was wrong';
/** As fast as it goes, without a canary. */
export const QUICK = { rate: 0, canary: 0 };
/** All that the topic holds. */
export const ALL: WindowRequest['bounds'] = { fromMs: 0 };

/** What an event of the tests says; the rest is usual. */
export interface Written {
  readonly atMs?: number;
  readonly tenant?: string;
  readonly type?: string;
  readonly currency?: string;
  readonly value?: Buffer;
  readonly partition?: number;
  /** When it came about, as it says itself; default it does not. */
  readonly bornMs?: number;
}

/** Services in memory with an event topic, and operators who run windows of it again. */
export const openWindow = async (jobs: AppOptions['jobs'], options: BenchOptions = {}) => {
  const bench = openBench(jobs, options);
  const { app, backend } = bench;
  const { admin } = backend.broker;
  await applyTopics(app, admin);
  const producer = await backend.broker.createProducer();
  const control = await openControlLog({
    ns: app.name,
    broker: backend.broker,
    clock: systemClock,
    log: silentLog,
  });
  const parts: ReplayParts = {
    ...{ app, backend, control, clock: systemClock, policy: { observeMs: 1 } },
    service: { service: 'tests', host: 'here' },
    operator: { name: 'ana', roles: ['operator'] },
    connectWriter: () => openReplayWriter(app, backend, silentLog),
  };
  const as = (name: string, ...roles: ReplayParts['operator']['roles']): ReplayParts => ({
    ...parts,
    operator: { name, roles },
  });

  /** Writes an event as any producer does. */
  const event = async (id: string, written: Written = {}): Promise<RecordPosition> => {
    const { tenant = 'acme', type = InvoicePaid.name, currency = 'BRL', atMs, partition, bornMs } = written;
    const born = bornMs === undefined ? {} : { eventTimeMs: bornMs };
    return producer.send({
      ...{ topic: TOPIC, key: Buffer.from(tenant) },
      value: written.value ?? (await backend.serde.encode(InvoicePaid, invoice(id, { currency }))),
      headers: contextHeaders({
        eventId: id,
        eventType: type,
        source: 'billing',
        tenant,
        correlationId: id,
        ...born,
      }),
      ...(atMs === undefined ? {} : { timestampMs: atMs }),
      ...(partition === undefined ? {} : { partition }),
    });
  };

  /** Says that the job type has come to the end of the topic. */
  const passed = async (jobType = 'settle'): Promise<void> => {
    const ranges = await admin.offsetRanges(TOPIC);
    await admin.setCommittedOffsets(
      `bench.job.${jobType}`,
      ranges.map(({ topic, partition, high }) => ({ topic, partition, offset: high, metadata: '' })),
    );
  };

  const plan = (request: Partial<WindowRequest> = {}, by: ReplayParts = parts): Promise<PlanFile> =>
    planWindow(by, { jobType: 'settle', bounds: ALL, reason, ...request });

  /** Plans, lets a second person agree where one has to, and runs. */
  const runWindow = async (request: Partial<WindowRequest> = {}) => {
    const { planId } = await plan(request);
    if (request.force === true) await approveReplay(as('bea', 'approver'), { planId, reason });
    return runReplay(parts, { planId, reason, options: QUICK });
  };

  const results = async (planId: string): Promise<readonly ReplayedRecord[]> => {
    const found: ReplayedRecord[] = [];
    await replayResults(parts, planId, (record) => found.push(record));
    return found;
  };

  return {
    ...{ bench, parts, as, event, passed, plan, runWindow, results, admin },
    verdicts: async (planId: string) =>
      Object.fromEntries(
        (await reviewReplay(parts, planId)).lines.map(({ verdict, count }) => [verdict, count]),
      ),
    outcomes: async (planId: string) => (await results(planId)).map(({ outcome }) => outcome),
    /** The jobs of the copies on the inbox, with what their headers say. */
    copies: async (topic = INBOX) =>
      (await bench.read(topic)).map(({ headers }) => ({
        event: parseEnvelope(headers, true).eventId,
        ...parseEnvelope(headers, true).job,
      })),
    audits: async (): Promise<readonly AuditRecord[]> => {
      const decoded = await Promise.all(
        (await bench.read('bench.audit')).map(({ value }) => backend.serde.decode(AuditRecord, value)),
      );
      return decoded.flatMap((one) => (one.ok ? [one.value] : []));
    },
  };
};

export type WindowBench = Awaited<ReturnType<typeof openWindow>>;
