import { names } from '../../core/names.ts';
import type { ConsumedRecord } from '../../core/record.ts';
import { lengthWords } from '../inspection/time-words.ts';
import { type Area, type Check, checksOf } from './check.ts';
import type { DoctorParts, Probe } from './parts.ts';

const WARNING_MS = 1_000;
const PROBLEM_MS = 10_000;

/** `byMs`: how far the other clock is ahead of this machine's, at least. */
const judge = (area: Area, who: string, byMs: number, unsureMs: number): Check => {
  const checks = checksOf(area);
  const away = Math.max(0, Math.abs(byMs) - unsureMs);
  if (away < WARNING_MS) return checks.ok('clock', `${who} and this machine agree within 1 s`);
  const says = `${who} is ${lengthWords(away)} ${byMs > 0 ? 'ahead of' : 'behind'} this machine: delays, leases and ages are wrong by as much`;
  const todo = 'let both follow a time server (chrony, NTP)';
  return away >= PROBLEM_MS ? checks.problem('clock', says, todo) : checks.warning('clock', says, todo);
};

/** The clock of Redis, which measures leases, against this machine's. */
export const redisClock: Probe = async ({ state, nowMs }) => {
  const before = nowMs();
  const there = await state.nowMs();
  const after = nowMs();
  // What the answer took can have been on either way.
  return [judge('redis', 'Redis', there - (before + after) / 2, (after - before) / 2)];
};

const lastRecord = async ({ admin }: DoctorParts, topic: string): Promise<ConsumedRecord | undefined> => {
  let newest: ConsumedRecord | undefined;
  for (const { partition, low, high } of await admin.offsetRanges(topic)) {
    if (high <= low) continue;
    await admin.read({ topic, partition, from: high - 1n, to: high }, (record) => {
      if (newest === undefined || record.timestampMs > newest.timestampMs) newest = record;
      return false;
    });
  }
  return newest;
};

/**
 * The clock of the brokers, which measures delays. Tiers carry the broker's time: a record from the future says that the
 * broker is ahead. That it is behind cannot be seen without writing, and without any record nothing is said.
 */
export const kafkaClock: Probe = async (parts) => {
  const { app, admin, nowMs } = parts;
  const tiers = app.ladderMs.map((delayMs) => names.tier(app.name, delayMs));
  let newestMs: number | undefined;
  for (const topic of (await admin.describeTopics(tiers)).keys()) {
    const last = await lastRecord(parts, topic);
    if (last !== undefined) newestMs = Math.max(last.timestampMs, newestMs ?? 0);
  }
  if (newestMs === undefined) return [];
  const aheadMs = newestMs - nowMs();
  return aheadMs < WARNING_MS
    ? [checksOf('topics').ok('clock', 'no record on a tier is from the future')]
    : [judge('topics', 'a broker', aheadMs, 0)];
};
