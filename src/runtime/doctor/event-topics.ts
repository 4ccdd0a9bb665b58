import type { JobDefinition } from '../../core/job.ts';
import { countWords, lengthWords } from '../inspection/time-words.ts';
import { type Check, checksOf } from './check.ts';
import type { DoctorParts, Probe } from './parts.ts';

const { ok, warning, problem } = checksOf('topics');
const HOUR_MS = 3_600_000;
/** A service that is down over a night should find its events again. */
const SHORTEST_MS = 24 * HOUR_MS;

type Settings = Readonly<Record<string, string>>;

/** Infinity where records are kept for ever. */
const retentionOf = (settings: Settings): number => {
  const told = Number(settings['retention.ms'] ?? Number.NaN);
  return told < 0 ? Number.POSITIVE_INFINITY : told;
};

const words = (ms: number): string => (Number.isFinite(ms) ? lengthWords(ms) : 'ever');

const compacted = (topic: string, settings: Settings): readonly Check[] =>
  (settings['cleanup.policy'] ?? 'delete').includes('compact')
    ? [
        problem(
          topic,
          'is compacted: of the events of one key, the tenant, all but the last are thrown away',
          'set cleanup.policy=delete there (`kafka-configs --alter --topic`)',
        ),
      ]
    : [];

const short = (topic: string, settings: Settings): readonly Check[] =>
  retentionOf(settings) < SHORTEST_MS
    ? [
        warning(
          topic,
          `keeps events for ${words(retentionOf(settings))}: what a stopped worker has not read by then is lost`,
          'keep them for some days (`retention.ms`)',
        ),
      ]
    : [];

/** A done mark must outlive the last chance that its record is read again. */
const forgotten = (topic: string, settings: Settings, jobs: readonly JobDefinition<unknown>[]) =>
  jobs.flatMap(({ type, doneTtlMs, retry }): readonly Check[] => {
    const longest = Math.max(0, ...retry.delaysMs);
    const needed = retentionOf(settings) + longest;
    if (!(needed > doneTtlMs)) return [];
    return [
      warning(
        type,
        `forgets a done job after ${words(doneTtlMs)}, and ${topic} keeps its event for ${words(retentionOf(settings))}: read again after that, it runs again`,
        'raise doneTtl above the retention and the longest retry, or claim the effect too',
      ),
    ];
  });

/** Event topics may belong to others: what their settings mean for this app. */
export const eventTopics: Probe = async ({ app, admin, broker }: DoctorParts) => {
  const wanted = [...new Set(app.events.map(({ topic }) => topic))];
  const existing = [...(await admin.describeTopics(wanted)).keys()];
  const settings = await broker.settings(existing);
  const checks = existing.flatMap((topic) => {
    const own = settings.get(topic) ?? {};
    const jobs = app.jobs.filter(({ triggers }) => triggers.some(({ event }) => event.topic === topic));
    return [...compacted(topic, own), ...short(topic, own), ...forgotten(topic, own, jobs)];
  });
  if (checks.length > 0 || existing.length === 0) return checks;
  return [
    ok(
      'events',
      `${countWords(existing.length, 'event topic')} kept long enough, and no longer than done marks`,
    ),
  ];
};
