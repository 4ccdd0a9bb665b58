/** Thrown by a handler: the job can never succeed, so it becomes a dead letter at once (`unrecoverable`). */
export class UnrecoverableError extends Error {
  override readonly name: string = 'UnrecoverableError';
}

/** Thrown by a handler: facts contradict each other, so the job becomes a dead letter at once (`integrity_violation`). */
export class IntegrityError extends Error {
  override readonly name: string = 'IntegrityError';
}
