import { type Accepted, refusalOf, replayHeaders, toDeadLetter } from '../../consumers/dead-letters/index.ts';
import type { Delivery } from '../../consumers/delivery.ts';
import type { AppDefinition } from '../../core/app.ts';
import type { Clock } from '../../core/clock.ts';
import type { JobDefinition } from '../../core/job.ts';
import type { ConsumedRecord, RecordPosition } from '../../core/record.ts';
import type { Backend } from '../backend.ts';
import type { Judged, RecordJudge } from './judged.ts';
import { buriedFor, expiredFor, WorkerIntakes } from './worker-intakes.ts';

export interface LetterJudgeParts {
  readonly app: AppDefinition;
  readonly backend: Pick<Backend, 'serde' | 'state'>;
  readonly clock: Clock;
  readonly planId: string;
  readonly maxReplays: number;
  /** Whether those that no longer decode go back too. */
  readonly undecodable: boolean;
  /** Why one must not go back, beyond what it says itself; default none. */
  readonly refuse?: (at: RecordPosition) => string | undefined;
}

/** A letter that may go back as far as its headers say, and what its workers would make of it. */
interface Understood {
  readonly judged: Judged & { readonly accepted: Accepted };
  readonly delivery: Delivery | undefined;
}

/** Says what is to become of dead letters. */
export class LetterJudge implements RecordJudge {
  readonly #parts: LetterJudgeParts;
  readonly #intakes: WorkerIntakes;

  constructor(parts: LetterJudgeParts) {
    this.#parts = parts;
    this.#intakes = new WorkerIntakes(parts.app, parts.backend);
  }

  async judge(job: JobDefinition<unknown>, records: readonly ConsumedRecord[]): Promise<readonly Judged[]> {
    const understood: (Judged | Understood)[] = [];
    for (const record of records) understood.push(await this.#understand(job, record));
    const open = understood.filter((one): one is Understood => 'judged' in one);
    const claims = open.flatMap(({ delivery }) => (delivery === undefined ? [] : [delivery.claim]));
    const states = claims.length === 0 ? [] : await this.#parts.backend.state.inspect(claims);
    let at = 0;
    return understood.map((one): Judged => {
      if (!('judged' in one)) return one;
      const isDone = one.delivery !== undefined && states[at++]?.kind === 'done';
      return isDone ? { ...one.judged, verdict: 'done', detail: 'its job is done' } : one.judged;
    });
  }

  async #understand(job: JobDefinition<unknown>, record: ConsumedRecord): Promise<Judged | Understood> {
    const { planId, maxReplays } = this.#parts;
    const letter = toDeadLetter(job, record);
    const refusal = refusalOf(letter) ?? this.#parts.refuse?.(letter.at);
    const dead = letter.envelope.job;
    if (refusal !== undefined || dead === undefined)
      return { record, verdict: 'refused', detail: refusal ?? 'it has no job headers' };
    const accepted: Accepted = { letter, headers: replayHeaders(dead, planId, letter.at) };
    if (dead.replayCount >= maxReplays) {
      const detail = `it was replayed ${dead.replayCount} times, as often as it may be`;
      return { record, verdict: 'shelved', accepted, detail };
    }
    const delivery = await this.#intakes.onInbox(job, record);
    const age = delivery === undefined ? undefined : expiredFor(job, delivery, this.#parts.clock.nowMs());
    if (age !== undefined) return { record, verdict: 'expired', accepted, detail: age };
    const burial = delivery === undefined ? 'its workers take it for nothing of theirs' : buriedFor(delivery);
    if (burial === undefined || (this.#parts.undecodable && delivery !== undefined))
      return { judged: { record, verdict: 'replay', accepted }, delivery };
    return { record, verdict: 'undecodable', accepted, detail: burial };
  }
}
