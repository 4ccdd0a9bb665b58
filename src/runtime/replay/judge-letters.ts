import { type Accepted, refusalOf, replayHeaders, toDeadLetter } from '../../consumers/dead-letters/index.ts';
import type { Delivery } from '../../consumers/delivery.ts';
import { Intake } from '../../consumers/intake.ts';
import type { AppDefinition } from '../../core/app.ts';
import type { JobDefinition } from '../../core/job.ts';
import { names } from '../../core/names.ts';
import { type ConsumedRecord, movedTo } from '../../core/record.ts';
import type { Backend } from '../backend.ts';

/**
 * What is to become of a dead letter. `done`: its job is done. `undecodable`: workers of this app would bury it again
 * before it ran. `shelved`: it was replayed as often as it may be. `refused`: it must not go back by itself.
 */
export type Verdict = 'replay' | 'done' | 'undecodable' | 'shelved' | 'refused';

/** A dead letter as it was found, and what is to become of it. */
export interface Judged {
  readonly record: ConsumedRecord;
  readonly verdict: Verdict;
  /** Absent where it is refused. */
  readonly accepted?: Accepted;
  /** Why, where the verdict needs a reason. */
  readonly detail?: string;
}

export interface JudgeParts {
  readonly app: AppDefinition;
  readonly backend: Pick<Backend, 'serde' | 'state'>;
  readonly planId: string;
  readonly maxReplays: number;
  /** Whether those that no longer decode go back too. */
  readonly undecodable: boolean;
}

/** A letter that may go back as far as its headers say, and what its workers would make of it. */
interface Understood {
  readonly judged: Judged & { readonly accepted: Accepted };
  readonly delivery: Delivery | undefined;
}

/** Says what is to become of dead letters. Changes nothing. */
export class LetterJudge {
  readonly #parts: JudgeParts;
  readonly #intakes = new Map<string, Intake>();

  constructor(parts: JudgeParts) {
    this.#parts = parts;
  }

  /**
   * The verdict on each, in the order given.
   *
   * @throws EsteiraError ESTEIRA_REGISTRY_UNAVAILABLE, ESTEIRA_STATE_UNAVAILABLE
   */
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
    const refusal = refusalOf(letter);
    const dead = letter.envelope.job;
    if (refusal !== undefined || dead === undefined)
      return { record, verdict: 'refused', detail: refusal ?? 'it has no job headers' };
    const accepted: Accepted = { letter, headers: replayHeaders(dead, planId, letter.at) };
    if (dead.replayCount >= maxReplays) {
      const detail = `it was replayed ${dead.replayCount} times, as often as it may be`;
      return { record, verdict: 'shelved', accepted, detail };
    }
    const delivery = await this.deliveryOf(job, record);
    const burial = delivery === undefined ? 'its workers take it for nothing of theirs' : buriedFor(delivery);
    if (burial === undefined || (this.#parts.undecodable && delivery !== undefined))
      return { judged: { record, verdict: 'replay', accepted }, delivery };
    return { record, verdict: 'undecodable', accepted, detail: burial };
  }

  /** What its workers would make of it if it stood on the inbox. @throws EsteiraError ESTEIRA_REGISTRY_UNAVAILABLE */
  async deliveryOf(job: JobDefinition<unknown>, record: ConsumedRecord): Promise<Delivery | undefined> {
    const { app, backend } = this.#parts;
    const intake =
      this.#intakes.get(job.type) ?? new Intake({ app, job, serde: backend.serde, tenants: AS_SAID });
    this.#intakes.set(job.type, intake);
    return intake.take(movedTo(names.inbox(app.name, job.type), record));
  }
}

/** The tenant is whom the record names; the directory is not asked. */
const AS_SAID = {
  resolve: (id: string | undefined) => id,
  tierOf: () => undefined,
  onTierChanged: () => undefined,
};

const buriedFor = ({ deadOnArrival }: Delivery): string | undefined =>
  deadOnArrival === undefined ? undefined : `${deadOnArrival.code}: ${deadOnArrival.detail}`;
