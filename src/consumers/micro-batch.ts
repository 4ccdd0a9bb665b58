import { BatchStage } from './batch-stage.ts';

interface Question<Request, Answer> {
  readonly request: Request;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Collects single questions into batched calls, and gives each its own answer. */
export class MicroBatch<Request, Answer> {
  readonly #stage: BatchStage<Question<Request, Answer>>;

  /** `call` must answer in the order of the requests; if it rejects, every request of the batch is rejected. */
  constructor(call: (requests: readonly Request[]) => Promise<readonly Answer[]>) {
    const ask = async (batch: readonly Question<Request, Answer>[]): Promise<void> => {
      try {
        const answers = await call(batch.map(({ request }) => request));
        batch.forEach(({ resolve, reject }, index) => {
          const answer = answers[index];
          if (index < answers.length) resolve(answer as Answer);
          else reject(new RangeError(`asked ${batch.length}, answered ${answers.length}`));
        });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    };
    this.#stage = new BatchStage(ask, () => undefined);
  }

  /** Hands a request over; resolves with its own answer. */
  ask(request: Request): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#stage.add({ request, resolve, reject });
    });
  }
}
