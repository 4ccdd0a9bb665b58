/**
 * Collects single requests into batched calls: one call at a time, and what arrives during its flight is the next
 * batch. So a lone request is not delayed, and a thousand cost a handful of round trips.
 */
export class MicroBatch<Request, Answer> {
  readonly #call: (requests: readonly Request[]) => Promise<readonly Answer[]>;
  readonly #maxBatch: number;
  #waiting: { request: Request; resolve: (answer: Answer) => void; reject: (error: unknown) => void }[] = [];
  #flying = false;

  /** `call` must answer in the order of the requests; if it rejects, every request of the batch is rejected. */
  constructor(call: (requests: readonly Request[]) => Promise<readonly Answer[]>, maxBatch = 500) {
    this.#call = call;
    this.#maxBatch = maxBatch;
  }

  /** Hands a request over; resolves with its own answer. */
  ask(request: Request): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      if (!this.#flying) {
        this.#flying = true;
        // A turn of the event loop lets the rest of the same batch arrive first.
        setImmediate(() => void this.#fly());
      }
    });
  }

  async #fly(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#maxBatch);
      try {
        const answers = await this.#call(batch.map(({ request }) => request));
        batch.forEach(({ resolve, reject }, index) => {
          const answer = answers[index];
          if (index < answers.length) resolve(answer as Answer);
          else reject(new RangeError(`asked ${batch.length}, answered ${answers.length}`));
        });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#flying = false;
  }
}
