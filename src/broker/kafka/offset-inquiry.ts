import type { Clock } from '../../core/clock.ts';
import type { OffsetProblem } from '../../core/ports/broker.ts';
import type { BrokerLog } from '../../core/ports/log.ts';
import type { TopicPartition } from '../../core/record.ts';
import { brokerError } from './errors.ts';
import { checkOffsets, type OffsetLookUp, problemOf, type StartOffsets } from './offset-check.ts';

const AGAIN_MS = 500;
/** Every so many failed look-ups the log says so. */
const TELL_EVERY = 20;

/** What an {@link OffsetInquiry} stands on. */
export interface InquiryWiring {
  readonly groupId: string;
  readonly lookUp: OffsetLookUp;
  readonly clock: Clock;
  readonly log: BrokerLog;
}

/** Asks Kafka about offsets until it answers or nobody wants to know any more. */
export class OffsetInquiry {
  readonly #wiring: InquiryWiring;

  constructor(wiring: InquiryWiring) {
    this.#wiring = wiring;
  }

  /** Where an assignment starts from. */
  startOf(partitions: readonly TopicPartition[], isWanted: () => boolean): Promise<StartOffsets | undefined> {
    const { lookUp, groupId } = this.#wiring;
    return this.#until(isWanted, () => checkOffsets(lookUp, groupId, partitions));
  }

  /** Whether a partition can be read from `position`, and if not, why; the group stands at `committed`. */
  whyNot(
    at: TopicPartition,
    offsets: { readonly position: bigint; readonly committed: bigint | undefined },
    isWanted: () => boolean,
  ): Promise<{ readonly problem: OffsetProblem | undefined } | undefined> {
    return this.#until(isWanted, async () => {
      const [range] = await this.#wiring.lookUp.rangesOf([at]);
      return { problem: range && problemOf(range, offsets.committed, offsets.position) };
    });
  }

  async #until<T>(isWanted: () => boolean, ask: () => Promise<T>): Promise<T | undefined> {
    for (let attempt = 0; isWanted(); attempt++) {
      try {
        const answer = await ask();
        return isWanted() ? answer : undefined;
      } catch (error) {
        if (attempt % TELL_EVERY === 0)
          this.#wiring.log.warn('cannot look up offsets, trying on', brokerError('No offsets', error).facts);
        await new Promise<void>((resolve) => {
          this.#wiring.clock.after(AGAIN_MS, resolve);
        });
      }
    }
    return undefined;
  }
}
