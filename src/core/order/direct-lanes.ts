import type { OrderClaimAnswer, ParkAnswer } from '../ports/order-state.ts';
import type { DirectAction, DirectSettings } from './direct-action.ts';
import { type DirectRecord, Lane, type Node } from './lane.ts';
import { MinHeap } from './min-heap.ts';
import { ParkedPlaces } from './parked-places.ts';

export type { DirectAction, DirectSettings };

/**
 * The order machine of one partition that records come from (an event topic or an inbox), for one assignment. It does
 * nothing itself: it is told what happened and says, through `drain`, what to do next.
 *
 * The driver must
 * - hand over each record of the partition once, in offset order (`arrived`), and keep it until `settle`;
 * - put all claims and parks of a drain into batches in the order given;
 * - write copies in the order given, so that none is appended before an earlier one of the same lane: an unconfirmed
 *   write is repeated before anything newer, and one that is refused for good stops the partition;
 * - pass `parkedEndAtStart` with each claim and park, and commit `parkedEnd` as metadata with every offset; commit only
 *   what is settled;
 * - call `tick` at `nextWakeMs` and `windowFull` while it cannot take more records for want of room;
 * - stop using the machine when the partition is lost, and go on reporting to nobody.
 *
 * After `answered` with `run` the driver runs the record and reports exactly one of `ended` (after `complete`, or after
 * a dead letter and `dead`), `failed` (after `fail` without `dead`) and `lost` (given back, taken away, or `fail` said
 * `lost`). After `done` and `superseded` it tells what must be told, after `dead` it writes the dead letter, and reports
 * `ended`. Everything else the machine handles. A record may be settled before it is reported (it runs on under its
 * claim); what is reported of it then is ignored, and it completes or fails with `where: 'direct'` all the same.
 */
export class DirectLanes<R extends DirectRecord> {
  /** The end of what earlier owners parked, from the committed metadata: goes with each claim. */
  readonly parkedEndAtStart: number;
  readonly #settings: DirectSettings;
  readonly #lanes = new Map<string, Lane<R>>();
  readonly #parked: ParkedPlaces;
  readonly #wakes = new MinHeap<Lane<R>>();
  /** Lanes whose first record runs on the direct way, by when it began. */
  readonly #running = new Set<Lane<R>>();
  #actions: DirectAction<R>[] = [];
  #parkedEnd: number;

  constructor(settings: DirectSettings, parkedEndAtStart: number) {
    this.#settings = settings;
    this.#parked = new ParkedPlaces(settings.rememberMs);
    this.parkedEndAtStart = parkedEndAtStart;
    this.#parkedEnd = parkedEndAtStart;
  }

  /** What to commit beside the offset: the end of what stands on the waiting partition from here. */
  get parkedEnd(): number {
    return this.#parkedEnd;
  }

  /** Takes what is to be done. */
  drain(): readonly DirectAction<R>[] {
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  /** When `tick` is wanted, epoch ms; undefined when never. */
  get nextWakeMs(): number | undefined {
    const [longest] = this.#running;
    const detachMs = longest && longest.sinceMs + this.#settings.detachAfterMs;
    const { rank } = this.#wakes;
    return rank === undefined || detachMs === undefined ? (rank ?? detachMs) : Math.min(rank, detachMs);
  }

  /** A record was read. */
  arrived(record: R, nowMs: number): void {
    let lane = this.#lanes.get(record.lane);
    if (lane === undefined) {
      lane = new Lane(record.lane);
      this.#lanes.set(record.lane, lane);
    }
    const { leaving } = lane;
    const node: Node<R> = { record, parking: 'queued', finished: false };
    lane.nodes.push(node);
    if (lane.nodes.length === 1) this.#claim(lane, nowMs);
    else if (leaving) this.#ask(lane, node);
  }

  /** The answer to a claim. */
  answered(record: R, answer: OrderClaimAnswer, nowMs: number): void {
    const lane = this.#lanes.get(record.lane);
    const node = lane?.first;
    if (lane === undefined || node?.record !== record || lane.phase !== 'claiming') return;
    this.#forget(lane, answer.kind);
    switch (answer.kind) {
      case 'run':
        this.#started(lane, node, nowMs);
        break;
      case 'park':
        lane.phase = 'idle';
        this.#promised(lane, node, nowMs);
        break;
      case 'wait':
        this.#hold(lane, node, nowMs + answer.dueMs - answer.nowMs, nowMs);
        break;
      case 'running':
        if (lane.aside) this.#ask(lane, node);
        else this.#askAgain(lane, nowMs, answer.untilMs - answer.nowMs);
        break;
      case 'rebuilding':
        this.#askAgain(lane, nowMs, 0);
        break;
      default:
        lane.phase = 'ending';
    }
  }

  /** The answer to a park. */
  parkAnswered(record: R, answer: ParkAnswer, nowMs: number): void {
    const lane = this.#lanes.get(record.lane);
    const node = lane?.find(record);
    if (lane === undefined || node?.parking !== 'asked') return;
    if (node.finished) this.#settle(lane, node, nowMs);
    else if (answer === 'parked') this.#promised(lane, node, nowMs);
    else this.#notParked(lane, node, answer, nowMs);
  }

  /** A copy is acknowledged at this offset of the waiting partition. */
  written(record: R, waitingOffset: number, nowMs: number): void {
    this.#parkedEnd = Math.max(this.#parkedEnd, waitingOffset + 1);
    const lane = this.#lanes.get(record.lane);
    const node = lane?.find(record);
    if (lane !== undefined && node?.parking === 'writing') this.#settle(lane, node, nowMs);
  }

  /** A record has ended: completed, dead with its letter acknowledged, or skipped. */
  ended(record: R, nowMs: number): void {
    const lane = this.#lanes.get(record.lane);
    const node = lane?.first;
    if (lane === undefined || node?.record !== record) return;
    this.#stopped(lane);
    if (node.parking === 'asked' || node.parking === 'writing') node.finished = true;
    else this.#settle(lane, node, nowMs);
  }

  /** An attempt failed; the next is due at `dueMs` of the driver's clock. */
  failed(record: R, dueMs: number, nowMs: number): void {
    const lane = this.#lanes.get(record.lane);
    const node = lane?.first;
    if (lane === undefined || node?.record !== record) return;
    this.#stopped(lane);
    if (node.parking === 'queued' || node.parking === 'ended') this.#hold(lane, node, dueMs, nowMs);
  }

  /** A run came to nothing: given back, taken over by another, or its claim is gone. */
  lost(record: R, nowMs: number): void {
    const lane = this.#lanes.get(record.lane);
    const node = lane?.first;
    if (lane === undefined || node?.record !== record) return;
    this.#stopped(lane);
    if (node.parking === 'queued' || node.parking === 'ended') this.#askAgain(lane, nowMs, 0);
  }

  /** Time has passed: asks again, and detaches heads that run long. */
  tick(nowMs: number): void {
    for (let rank = this.#wakes.rank; rank !== undefined && rank <= nowMs; rank = this.#wakes.rank) {
      const lane = this.#wakes.pop();
      if (lane === undefined || lane.wakeMs !== rank) continue;
      if (lane.phase === 'held' || lane.phase === 'waiting') this.#claim(lane, nowMs);
      else if (lane.phase === 'running') this.#leave(lane);
    }
    for (const lane of this.#running) {
      if (lane.sinceMs + this.#settings.detachAfterMs > nowMs) break;
      this.#running.delete(lane);
      this.#leave(lane);
    }
    this.#parked.forgetOld(nowMs);
  }

  /** No room for more records: lanes whose head keeps others waiting leave the direct way, heads first. */
  windowFull(nowMs: number): void {
    for (const lane of this.#lanes.values()) {
      const isSlow = lane.phase === 'held' || nowMs - lane.sinceMs >= this.#settings.patienceMs;
      if (lane.nodes.length > 1 && isSlow) this.#leave(lane);
    }
  }

  /** Moves a lane to the waiting topic, in order, as soon as its first record can: protects others from a flood. */
  moveAside(name: string): void {
    const lane = this.#lanes.get(name);
    if (lane === undefined) return;
    lane.aside = true;
    this.#leave(lane);
  }

  #claim(lane: Lane<R>, nowMs: number): void {
    const { first } = lane;
    if (!first) return;
    lane.phase = 'claiming';
    lane.wakeMs = 0;
    if (lane.sinceMs === 0) lane.sinceMs = nowMs;
    this.#actions.push({ kind: 'claim', record: first.record, ...this.#parked.known(lane.name) });
  }

  #started(lane: Lane<R>, node: Node<R>, nowMs: number): void {
    lane.phase = 'running';
    lane.sinceMs = nowMs;
    this.#running.add(lane);
    if (lane.aside) this.#ask(lane, node);
  }

  #stopped(lane: Lane<R>): void {
    lane.phase = 'idle';
    this.#running.delete(lane);
  }

  #hold(lane: Lane<R>, node: Node<R>, dueMs: number, nowMs: number): void {
    if (lane.aside || dueMs - nowMs > this.#settings.holdForMs) {
      this.#ask(lane, node);
    } else {
      lane.phase = 'held';
      this.#wakeAt(lane, dueMs);
    }
  }

  #askAgain(lane: Lane<R>, nowMs: number, leftMs: number): void {
    lane.phase = 'waiting';
    const pauseMs = this.#settings.askAgainMs;
    this.#wakeAt(lane, nowMs + Math.min(Math.max(leftMs, pauseMs), 5 * pauseMs));
  }

  #wakeAt(lane: Lane<R>, atMs: number): void {
    lane.wakeMs = atMs;
    this.#wakes.push(atMs, lane);
  }

  /** Sends the first record's copy ahead; its followers go once it is promised. */
  #leave(lane: Lane<R>): void {
    const { first, phase } = lane;
    if (first === undefined || first.parking !== 'queued') return;
    if (phase === 'held' || phase === 'waiting' || phase === 'running') this.#ask(lane, first);
  }

  #ask(lane: Lane<R>, node: Node<R>): void {
    node.parking = 'asked';
    const follows = node !== lane.first;
    if (!follows) {
      lane.wakeMs = 0;
      if (lane.phase !== 'running') lane.phase = 'idle';
    }
    this.#actions.push({ kind: 'park', record: node.record, follows, ...this.#parked.known(lane.name) });
  }

  #promised(lane: Lane<R>, node: Node<R>, nowMs: number): void {
    node.parking = 'promised';
    this.#parked.remember(lane.name, node.record.place, nowMs);
    this.#write(lane);
    for (const follower of lane.followers()) this.#ask(lane, follower);
  }

  #settle(lane: Lane<R>, node: Node<R>, nowMs: number): void {
    const wasFirst = node === lane.first;
    lane.remove(node);
    this.#actions.push({ kind: 'settle', record: node.record });
    if (!wasFirst) return;
    this.#stopped(lane);
    lane.sinceMs = 0;
    const { first } = lane;
    if (first === undefined) this.#lanes.delete(lane.name);
    else if (first.parking === 'promised') this.#write(lane);
    else if (first.parking === 'queued' || first.parking === 'ended') this.#claim(lane, nowMs);
  }

  /** Writes what is promised, as far as nothing before it is in question. */
  #write(lane: Lane<R>): void {
    for (const record of lane.takeWritable()) this.#actions.push({ kind: 'write', record });
  }

  #notParked(lane: Lane<R>, node: Node<R>, answer: Exclude<ParkAnswer, 'parked'>, nowMs: number): void {
    node.parking = answer === 'ended' ? 'ended' : 'queued';
    if (answer === 'ended') this.#write(lane);
    if (node !== lane.first) return;
    if (lane.phase === 'running') this.#wakeAt(lane, nowMs + this.#settings.askAgainMs);
    else if (answer === 'rebuilding') this.#askAgain(lane, nowMs, 0);
    else this.#claim(lane, nowMs);
  }

  /** An answer that is given only to keys that are not diverted: what this worker parked has passed. */
  #forget(lane: Lane<R>, answer: OrderClaimAnswer['kind']): void {
    if (answer === 'run' || answer === 'wait' || answer === 'running' || answer === 'dead') {
      this.#parked.forget(lane.name);
    }
  }
}
