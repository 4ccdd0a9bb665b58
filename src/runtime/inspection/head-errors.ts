import { errorWords } from './explain-ended.ts';
import type { InspectionParts } from './job-evidence.ts';
import type { OpenSequence } from './open-sequences.ts';
import { scanTelemetry } from './telemetry-scan.ts';

/** How far to look back for what heads failed with, ms; each attempt tells it anew. */
const LOOK_BACK_MS = 86_400_000;
/** Errors of this many heads are looked for: each makes reading a little slower. */
const MOST_HEADS = 50;

/**
 * The last errors of heads that have failed, by job id, as told on the telemetry topic.
 *
 * @throws EsteiraError ESTEIRA_TOPICS_DIFFER, ESTEIRA_BROKER_UNAVAILABLE, ESTEIRA_REGISTRY_UNAVAILABLE
 */
export const headErrors = async (
  { app, backend }: InspectionParts,
  sequences: readonly OpenSequence[],
  nowMs: number,
): Promise<ReadonlyMap<string, string>> => {
  const heads = sequences
    .flatMap(({ state, copies }) => copies.find(({ place }) => place === state.head?.place)?.jobId ?? [])
    .slice(0, MOST_HEADS);
  const errors = new Map<string, { readonly words: string; readonly atMs: number }>();
  if (heads.length === 0) return new Map();
  await scanTelemetry({
    ...{ app, admin: backend.broker.admin, serde: backend.serde, wanted: heads, nowMs },
    sinceMs: nowMs - LOOK_BACK_MS,
    onFound: (events) => {
      for (const event of events) {
        const known = errors.get(event.jobId);
        if (event.type === 'job.failed' && (known === undefined || known.atMs < event.time))
          errors.set(event.jobId, { words: errorWords(event), atMs: event.time });
      }
      return heads.every((jobId) => errors.has(jobId));
    },
  });
  return new Map([...errors].map(([jobId, { words }]) => [jobId, words]));
};
