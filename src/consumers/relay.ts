import { parseEnvelope, type JobHeaders, withJobHeaders } from '../core/envelope.ts';
import { tierFor } from '../core/ladder.ts';
import { names } from '../core/names.ts';
import { type ConsumedRecord, copyRecord, formatPosition, type OutgoingRecord } from '../core/record.ts';
import { factsOf, insist } from './backoff.ts';
import type { EngineParts, Worker, WorkerStatus } from './engine-parts.ts';
import type { PartitionHome } from './partition-home.ts';
import { PartitionSet } from './partition-set.ts';

type RelayParts = Pick<EngineParts, 'app' | 'broker' | 'producer' | 'clock' | 'log' | 'settings' | 'onFatal'>;

/**
 * Forwards the records of one tier when they are due: kept in memory, forwarded on a timer, never early by this
 * process's clock. What is left to wait beyond the tier's own delay is hopped to a smaller tier, or held.
 */
export const createRelay = (parts: RelayParts, tierMs: number): Worker => {
  const { app, clock, log } = parts;
  const name = names.relayGroup(app.name, tierMs);
  const topic = names.tier(app.name, tierMs);
  const inboxes = new Set(app.jobs.map((job) => names.inbox(app.name, job.type)));
  const stopping = new AbortController();
  const suspended = new Set<string>();
  let held = 0;

  const consumer = parts.broker.createConsumer({ groupId: name, topics: [topic] });
  const partitions = new PartitionSet({
    name,
    consumer,
    clock,
    log,
    window: parts.settings.window,
    commitEveryMs: parts.settings.commitEveryMs,
    onIncoming: (home) => {
      for (const record of home.incoming.splice(0)) hold(home, copyRecord(record));
    },
    onOffsetProblem: (problems) => {
      for (const { topic: of, partition, problem } of problems) {
        suspended.add(`ESTEIRA_OFFSETS_MISSING ${of}/${partition}`);
        log.error(`${name}: suspended, its offset is ${problem}: an operator decides where it goes on`, {
          topic: of,
          partition,
        });
      }
    },
    onCrash: parts.onFatal,
  });

  const hold = (home: PartitionHome, record: ConsumedRecord): void => {
    held += 1;
    wakeAt(record.timestampMs + tierMs, home, record);
  };

  const wakeAt = (atMs: number, home: PartitionHome, record: ConsumedRecord): void => {
    clock.after(Math.max(0, atMs - clock.nowMs()), () => void wake(home, record));
  };

  const wake = async (home: PartitionHome, record: ConsumedRecord): Promise<void> => {
    if (!home.alive || stopping.signal.aborted) {
      held -= 1;
      return;
    }
    const job = parseEnvelope(record.headers, true).job;
    if (job?.target === undefined || !inboxes.has(job.target)) return unroutable(record, job?.target);
    const leftMs = (job.dueMs ?? 0) - clock.nowMs();
    const smallestMs = app.ladderMs[0] ?? 0;
    if (leftMs > 0 && leftMs < smallestMs) return wakeAt(clock.nowMs() + leftMs, home, record);
    const nextTierMs = leftMs > 0 ? tierFor(app.ladderMs, leftMs) : undefined;
    const to = nextTierMs === undefined ? job.target : names.tier(app.name, nextTierMs);
    await forward(home, record, job, to);
  };

  const forward = async (home: PartitionHome, record: ConsumedRecord, job: JobHeaders, to: string): Promise<void> => {
    // A dispatch's first copy has no origin yet: its place on the tier is one, so that two forwards are one job.
    const headers = withJobHeaders(record.headers, { ...job, origin: job.origin ?? formatPosition(record) });
    const copy: OutgoingRecord = {
      topic: to,
      key: record.key,
      value: record.value,
      headers,
      ...(job.orderKey === undefined ? {} : { partitionKey: Buffer.from(job.orderKey, 'utf8') }),
    };
    try {
      await insist({ clock, log, stopped: stopping.signal }, `${name}: forward to ${to}`, () => parts.producer.send(copy));
      partitions.settle(home, record.offset);
    } catch (error) {
      if (!stopping.signal.aborted) unroutable(record, to, factsOf(error).error);
    } finally {
      held -= 1;
    }
  };

  /** Stays where it is, unsettled and loudly: forwarding it elsewhere, or dropping it, is for a human to decide. */
  const unroutable = (record: ConsumedRecord, target: string | undefined, error = 'not an inbox of this app'): void => {
    suspended.add(`unroutable ${formatPosition(record)}`);
    log.error(`${name}: a record cannot be forwarded`, { position: formatPosition(record), target, error });
  };

  return {
    start: () => consumer.run(partitions),
    drain: async () => {
      await parts.producer.flush();
    },
    stop: async () => {
      stopping.abort();
      await partitions.commit();
      partitions.close();
      await consumer.stop();
    },
    status: (): WorkerStatus => ({
      name,
      assigned: partitions.size,
      running: 0,
      waiting: held,
      suspended: [...suspended],
    }),
  };
};
