import { isEsteiraError } from './errors.ts';

/** Collects what is wrong with a definition, so that all of it is said at once. */
export class Problems {
  readonly #all: string[] = [];

  /** Every problem so far, in the order in which it was found. */
  get all(): readonly string[] {
    return this.#all;
  }

  /** Adds a sentence that names what is wrong and says what to give. */
  add(problem: string): void {
    this.#all.push(problem);
  }

  addAll(problems: readonly string[]): void {
    this.#all.push(...problems);
  }

  /** What a check gives; when it says something against the definition, that is noted and `otherwise` stands in. */
  check<T>(check: () => T, otherwise: T): T {
    try {
      return check();
    } catch (error) {
      if (!isEsteiraError(error, 'ESTEIRA_DEFINITION_INVALID')) throw error;
      this.#all.push(error.message);
      return otherwise;
    }
  }
}
