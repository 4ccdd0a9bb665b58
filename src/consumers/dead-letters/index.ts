export {
  type DeadLetter,
  type DeadLetterSummary,
  jobOfDeadLetterTopic,
  summarize,
  tenantOf,
  toDeadLetter,
} from './dead-letter.ts';
export {
  formatOfLetter,
  type LetterFormat,
  type LetterPayload,
  readLetterPayload,
} from './letter-payload.ts';
export { LETTER_STATES, type LetterState } from './letter-state.ts';
export {
  type DeadLetterList,
  type ListedDeadLetter,
  type ListRequest,
  listDeadLetters,
} from './list-dead-letters.ts';
export { readFirst, readPositions } from './read-positions.ts';
export {
  type Accepted,
  type ReplayFacts,
  replayHeaders,
  replayRecord,
} from './replay-records.ts';
export {
  type Candidate,
  type ReplaySelection,
  refusalOf,
  selectForReplay,
} from './replay-selection.ts';
export { LetterWriter, type ReplayWriter } from './replay-writer.ts';
export {
  type DeadLetterFilter,
  type DeadLetterRange,
  deadLetterRanges,
  jobTypesOf,
  matches,
  scanRanges,
} from './scan.ts';
export {
  readDeadLetter,
  type ShownDeadLetter,
  type ShownPayload,
  type ShowRequest,
  showDeadLetter,
} from './show-dead-letter.ts';
