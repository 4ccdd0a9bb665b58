/** A record as the direct way sees it. */
export interface DirectRecord {
  /** Names the sequence within its partition: tenant and ordering key, in any form that keeps two apart. */
  readonly lane: string;
  /** Its offset in the partition. */
  readonly place: number;
}

/**
 * Where a record stands on its way to the waiting topic. `queued`: not on it. `asked`: `park` is on its way.
 * `promised`: the store knows, and one before it is not that far. `writing`: the copy is on its way.
 * `ended`: the store said that it is done or dead already; that is asked for at its turn.
 */
type Parking = 'queued' | 'asked' | 'promised' | 'writing' | 'ended';

/** A record in its lane. */
export interface Node<R> {
  readonly record: R;
  parking: Parking;
  /** It ended while its copy was under way: nothing is left to do but to settle. */
  finished: boolean;
}

/**
 * What the first record does. `idle`: nothing, its copy is on its way or it is about to be asked for. `claiming`: its claim is on its
 * way. `running`: it runs. `held`: its next attempt is due at `wakeMs`. `waiting`: asked again at `wakeMs`.
 * `ending`: somebody has ended it; the driver is settling that.
 */
type Phase = 'idle' | 'claiming' | 'running' | 'held' | 'waiting' | 'ending';

const isLeaving = (node: Node<unknown> | undefined): boolean =>
  node?.parking === 'promised' || node?.parking === 'writing';

/** The unsettled records of one sequence in one partition, in order; only the first is claimed. */
export class Lane<R extends DirectRecord> {
  readonly name: string;
  readonly nodes: Node<R>[] = [];
  phase: Phase = 'idle';
  /** When a held or waiting first record is claimed again. */
  wakeMs = 0;
  /** Since when the first record is the first. */
  sinceMs = 0;
  /** Everything of this lane shall leave the direct way as soon as its first record can. */
  aside = false;

  constructor(name: string) {
    this.name = name;
  }

  get first(): Node<R> | undefined {
    return this.nodes[0];
  }

  /** Whether the last record is promised to the waiting topic, so that the next one follows it there. */
  get leaving(): boolean {
    return isLeaving(this.nodes[this.nodes.length - 1]);
  }

  /** Those that may go to the waiting topic behind the first record, which is promised to it. */
  followers(): readonly Node<R>[] {
    return isLeaving(this.first) ? this.nodes.filter(({ parking }) => parking === 'queued') : [];
  }

  find(record: R): Node<R> | undefined {
    return this.nodes.find((node) => node.record === record);
  }

  remove(node: Node<R>): void {
    const at = this.nodes.indexOf(node);
    if (at >= 0) this.nodes.splice(at, 1);
  }

  /** Takes the promised ones that may be written now: in order, none before one that is not that far. */
  takeWritable(): R[] {
    const records: R[] = [];
    for (const node of this.nodes) {
      if (node.parking === 'queued' || node.parking === 'asked') break;
      if (node.parking !== 'promised') continue;
      node.parking = 'writing';
      records.push(node.record);
    }
    return records;
  }
}
