/**
 * What has become of a dead letter. `replayed`: its job went back; what came of that is told of the job. `done`: its job
 * was done when a replay came upon it. `edited`: a letter with another payload stands in its place. `discarded`: an
 * operator gave it up. `shelved`: it was replayed as often as it may be. Everything else is `open`.
 */
export const LETTER_STATES = ['open', 'replayed', 'done', 'edited', 'discarded', 'shelved'] as const;

export type LetterState = (typeof LETTER_STATES)[number];
