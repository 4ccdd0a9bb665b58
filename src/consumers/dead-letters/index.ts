export {
  type DeadLetter,
  type DeadLetterSummary,
  jobOfDeadLetterTopic,
  summarize,
  toDeadLetter,
} from './dead-letter.ts';
export { type DeadLetterList, type ListRequest, listDeadLetters } from './list-dead-letters.ts';
export { readFirst } from './read-positions.ts';
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
  scanRanges,
} from './scan.ts';
export {
  type ShownDeadLetter,
  type ShownPayload,
  type ShowRequest,
  showDeadLetter,
} from './show-dead-letter.ts';
