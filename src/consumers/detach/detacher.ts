import type { JobDefinition } from '../../core/job.ts';
import type { SettledRequest } from '../../core/ports/state.ts';
import type { InsistParts } from '../backoff.ts';
import type { Decider } from '../decide.ts';
import { type Decision, decodeDecision, encodeDecision } from '../decision.ts';
import type { Entry } from '../entry.ts';
import type { RunFacts } from '../job-telling.ts';
import type { StateClient } from '../state-client.ts';
import type { SuccessorWriter } from '../successor.ts';

export interface DetacherParts extends InsistParts {
  readonly job: JobDefinition<unknown>;
  readonly state: StateClient;
  readonly decider: Decider;
  readonly writer: SuccessorWriter;
  /** A stand-in of the entry is written: its offset may be settled, while it runs on. */
  readonly onDetached: (entry: Entry) => void;
  readonly onError: (error: unknown) => void;
}

const LOOKS_PER_TIME = 4;
const LONGEST_LOOK_AWAY_MS = 1_000;
/** With a window that is full of what is done, a job that runs longer than this is detached, ms; as ordered types do. */
const PATIENCE_MS = 1_000;

/**
 * Lets partitions of unordered types go on without jobs that run long (ADR 14): a stand-in of the record is put on a
 * tier, its offset is settled, and the job runs on under its claim. From then on it decides as its stand-in would. Where
 * hardly anything but such jobs keeps the window full, they need not be that long.
 */
export class Detacher {
  readonly #parts: DetacherParts;
  /** Those with the right to run, by when they got it. */
  readonly #granted = new Set<Entry>();
  readonly #underWay = new Map<Entry, Promise<void>>();
  #cancelLook: (() => void) | undefined;

  constructor(parts: DetacherParts) {
    this.#parts = parts;
    parts.stopped.addEventListener('abort', () => this.#cancelLook?.(), { once: true });
  }

  /** An entry has the right to run. */
  granted(entry: Entry): void {
    this.#granted.add(entry);
    if (this.#cancelLook === undefined) this.#arm();
  }

  /** Its run has ended; where it is just being detached, nothing may be decided about it before this resolves. */
  left(entry: Entry): Promise<void> | undefined {
    this.#granted.delete(entry);
    return this.#underWay.get(entry);
  }

  #arm(): void {
    const { clock, job, stopped } = this.#parts;
    if (stopped.aborted) return;
    this.#cancelLook = clock.after(Math.min(job.detachAfterMs / LOOKS_PER_TIME, LONGEST_LOOK_AWAY_MS), () => {
      this.#cancelLook = undefined;
      this.#look();
      if (this.#granted.size > 0) this.#arm();
    });
  }

  #look(): void {
    const { clock, job, onError } = this.#parts;
    const nowMs = clock.nowMs();
    for (const entry of this.#granted) {
      const { run, execution } = entry;
      if (run === undefined || execution === undefined) continue;
      const mayRunMs = entry.home.isStalled ? Math.min(PATIENCE_MS, job.detachAfterMs) : job.detachAfterMs;
      if (nowMs - execution.startedMs < mayRunMs) continue;
      // What was told of it must be durable before its offset may go.
      if (!entry.isTold || !entry.home.alive || this.#underWay.has(entry)) continue;
      const detaching = this.#detach(entry, run)
        .catch(onError)
        .finally(() => this.#underWay.delete(entry));
      this.#underWay.set(entry, detaching);
    }
  }

  /** As for every decision: stored, written, noted as durable, settled. Only the claim is kept. */
  async #detach(entry: Entry, run: RunFacts): Promise<void> {
    const { state, job, writer, log, onDetached } = this.#parts;
    const { delivery } = entry;
    const { claim, job: headers, position } = delivery;
    const id = { ...claim, jobId: headers.id, hop: headers.hop, position };
    const [lease] = await state.renewAll([{ ...claim, fence: run.fence, leaseMs: job.leaseMs }]);
    if (lease !== 'renewed' || !this.#granted.has(entry)) return;
    const decision = await this.#store(entry, id);
    if (decision === undefined) return;
    entry.standFor(decision.next);
    this.#granted.delete(entry);
    await writer.write(delivery, decision);
    await state.settled(id);
    log.debug('a job runs long: its partition goes on without it', { jobType: job.type, jobId: headers.id });
    onDetached(entry);
  }

  /** Stored without a fence, so that the claim is not given back; undefined when another copy has gone before. */
  async #store({ delivery }: Entry, id: SettledRequest): Promise<Decision | undefined> {
    const { state, decider, job, clock } = this.#parts;
    const atMs = clock.nowMs();
    const dueMs = atMs + job.leaseMs + job.detachAfterMs;
    const decision = decider.standIn(delivery, { atMs, dueMs });
    const answer = await state.decide({
      ...{ ...id, origin: delivery.origin, decision: encodeDecision(decision) },
      ttlMs: job.doneTtlMs,
    });
    if (answer.kind === 'stored') return decision;
    // Our own, of which the first answer was lost: a copy that had decided before would not have run.
    return answer.kind === 'decided' ? decodeDecision(answer.decision) : undefined;
  }
}
