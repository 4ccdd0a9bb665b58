/** What the projection has read of one partition. */
export interface PartitionTally {
  readonly partition: number;
  /** Where reading began. */
  readonly first: number;
  /** The next offset to read. */
  readonly next: number;
  readonly records: number;
  /** Older than the retention, and left out. */
  readonly heldBack: number;
  /** Not readable as telemetry: told in `projection_problems`. */
  readonly problems: number;
}

/** The tallies of all partitions, counted on while a commit is being filled. */
export class Tallies {
  readonly #byPartition = new Map<number, { -readonly [K in keyof PartitionTally]: PartitionTally[K] }>();

  constructor(stored: readonly PartitionTally[]) {
    for (const tally of stored) this.#byPartition.set(tally.partition, { ...tally });
  }

  /** The next offset to read; undefined for a partition that was never read. */
  nextOf(partition: number): number | undefined {
    return this.#byPartition.get(partition)?.next;
  }

  /** Reading goes on at this offset, whatever lies before it. */
  moveTo(partition: number, next: number): void {
    this.#of(partition, next).next = next;
  }

  /** Counts the record at `offset`. */
  count(partition: number, offset: number, what: 'taken' | 'heldBack' | 'problems'): void {
    const tally = this.#of(partition, offset);
    tally.next = offset + 1;
    tally.records += 1;
    if (what !== 'taken') tally[what] += 1;
  }

  all(): readonly PartitionTally[] {
    return [...this.#byPartition.values()].map((tally) => ({ ...tally }));
  }

  /** SQL rows, for the table `projection_positions`. */
  values(): string {
    return this.all()
      .map(
        (tally) =>
          `(${[tally.partition, tally.first, tally.next, tally.records, tally.heldBack, tally.problems].join(', ')})`,
      )
      .join(', ');
  }

  #of(partition: number, first: number) {
    const known = this.#byPartition.get(partition);
    if (known !== undefined) return known;
    const made = { partition, first, next: first, records: 0, heldBack: 0, problems: 0 };
    this.#byPartition.set(partition, made);
    return made;
  }
}

const TALLY_SQL = `SELECT "partition", first, next, records, held_back, problems FROM projection_positions ORDER BY 1`;

/** Reads the tallies as they are committed. Offsets beyond 2^53 do not occur. */
export const readTallies = async (connection: TallyReader): Promise<readonly PartitionTally[]> => {
  const rows = (await connection.runAndReadAll(TALLY_SQL)).getRowsJson();
  return rows.map((row) => {
    const [partition = 0, first = 0, next = 0, records = 0, heldBack = 0, problems = 0] = row.map(Number);
    return { partition, first, next, records, heldBack, problems };
  });
};

interface TallyReader {
  runAndReadAll(sql: string): Promise<{ getRowsJson(): unknown[][] }>;
}
