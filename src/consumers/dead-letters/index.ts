export type { DeadLetterSummary } from './dead-letter.ts';
export { type DeadLetterList, type ListRequest, listDeadLetters } from './list-dead-letters.ts';
export {
  type ReplayItem,
  type ReplayParts,
  type ReplayRequest,
  type ReplayResult,
  type ReplayWriter,
  replayDeadLetters,
} from './replay.ts';
export type { ReplaySelection } from './replay-selection.ts';
export type { DeadLetterFilter } from './scan.ts';
export {
  type ShownDeadLetter,
  type ShownPayload,
  type ShowRequest,
  showDeadLetter,
} from './show-dead-letter.ts';
