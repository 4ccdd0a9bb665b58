import type { AppDefinition } from '../../core/app.ts';
import { waitingPartitionsOf } from '../../core/app-topics.ts';
import { type JobHeaders, withJobHeaders } from '../../core/envelope.ts';
import { inboxesOf } from '../../core/inbox.ts';
import type { JobDefinition } from '../../core/job.ts';
import { names } from '../../core/names.ts';
import { formatTurn, type ReplayTurn } from '../../core/order/replay-turn.ts';
import {
  type ConsumedRecord,
  formatPosition,
  type OutgoingRecord,
  parsePosition,
  type RecordPosition,
} from '../../core/record.ts';

/** Whose dead letters are replayed in order. */
export interface OrderedJob {
  readonly app: AppDefinition;
  readonly job: JobDefinition<unknown>;
}

/**
 * Where the dead letter of an ordered job has its place: what its `job-place` says. Letters of before that header was
 * written have it at their origin, if that is a topic the job type reads; undefined where nobody can say.
 */
export const placeOfLetter = (
  { app, job }: OrderedJob,
  { place, origin }: Pick<JobHeaders, 'place' | 'origin'>,
): RecordPosition | undefined => {
  if (place !== undefined) return parsePosition(place);
  const at = origin === undefined ? undefined : parsePosition(origin);
  const read = [...inboxesOf(app.name, job), ...job.triggers.map(({ event }) => event.topic)];
  return at !== undefined && read.includes(at.topic) ? at : undefined;
};

/**
 * The copy of a dead letter for the waiting topic, where it has its turn: key, value and foreign headers are the same
 * bytes.
 *
 * @param headers those of its next copy on an inbox
 */
export const replayCopy = (
  { app, job }: OrderedJob,
  letter: ConsumedRecord,
  headers: JobHeaders,
  { place, turn }: { readonly place: RecordPosition; readonly turn: ReplayTurn },
): OutgoingRecord => ({
  topic: names.waiting(app.name, job.type),
  partition: place.partition % waitingPartitionsOf(app, job),
  key: letter.key,
  value: letter.value,
  headers: withJobHeaders(letter.headers, {
    ...headers,
    place: formatPosition(place),
    replayTurn: formatTurn(turn),
  }),
});
