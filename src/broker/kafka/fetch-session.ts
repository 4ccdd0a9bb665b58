/** What is asked of one partition. */
export interface AskedPartition {
  readonly partition: number;
  readonly fetchOffset: string;
  readonly maxBytes: number;
}

/** What is asked of a topic. */
export interface AskedTopic {
  readonly topic: string;
  readonly partitions: readonly AskedPartition[];
}

/** What goes into a fetch request: all partitions, or what has changed since the request before. */
export interface SessionRequest {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly topics: readonly AskedTopic[];
  readonly forgottenTopics: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
}

/** The epoch that asks for a new session; one that the broker holds under the same number ends. */
const NEW = 0;
const LAST_EPOCH = 2 ** 31 - 1;
/** The number of a session where the broker keeps none. */
export const NO_SESSION = 0;

/** A partition as the broker has it. */
interface Held {
  fetchOffset: string;
  maxBytes: number;
  /** The request that asked for it last. */
  askedIn: number;
}

/**
 * A fetch session (KIP-227): the broker remembers what a consumer fetches, so that a request names only partitions
 * that changed, and an answer only those with something new. kafkajs knows none, and names all of them each time.
 *
 * Requests go one after the other; each is followed by `answered`, or was `lost`.
 */
export class FetchSession {
  #id = NO_SESSION;
  #epoch = NEW;
  #requests = 0;
  readonly #held = new Map<string, Map<number, Held>>();
  #heldCount = 0;

  /** The next request: `topics` is all that is to be fetched now. */
  request(topics: readonly AskedTopic[]): SessionRequest {
    this.#requests += 1;
    if (this.#epoch === NEW) this.#forgetAll();
    const changed: AskedTopic[] = [];
    let asked = 0;
    for (const { topic, partitions } of topics) {
      asked += partitions.length;
      const different = partitions.filter((one) => this.#differs(topic, one));
      if (different.length > 0) changed.push({ topic, partitions: different });
    }
    const forgottenTopics = asked === this.#heldCount ? [] : this.#forgetOthers();
    return { sessionId: this.#id, sessionEpoch: this.#epoch, topics: changed, forgottenTopics };
  }

  /** The broker has taken a request; it names its session, or 0 when it keeps none. */
  answered({ sessionEpoch }: SessionRequest, sessionId: number): void {
    this.#id = sessionId;
    if (sessionId === NO_SESSION) this.#epoch = NEW;
    else this.#epoch = sessionEpoch === LAST_EPOCH ? 1 : sessionEpoch + 1;
  }

  /** Nobody knows what the broker remembers: the next request says everything. */
  lost(): void {
    this.#epoch = NEW;
  }

  /** Whether the broker has to be told of a partition; it counts as told then. */
  #differs(topic: string, { partition, fetchOffset, maxBytes }: AskedPartition): boolean {
    const ofTopic = this.#held.get(topic) ?? this.#holdTopic(topic);
    const held = ofTopic.get(partition);
    if (held === undefined) {
      ofTopic.set(partition, { fetchOffset, maxBytes, askedIn: this.#requests });
      this.#heldCount += 1;
      return true;
    }
    held.askedIn = this.#requests;
    if (held.fetchOffset === fetchOffset && held.maxBytes === maxBytes) return false;
    held.fetchOffset = fetchOffset;
    held.maxBytes = maxBytes;
    return true;
  }

  #holdTopic(topic: string): Map<number, Held> {
    const ofTopic = new Map<number, Held>();
    this.#held.set(topic, ofTopic);
    return ofTopic;
  }

  #forgetAll(): void {
    this.#held.clear();
    this.#heldCount = 0;
  }

  /** Takes away what the request of this moment does not ask for. */
  #forgetOthers(): SessionRequest['forgottenTopics'] {
    const forgotten: { topic: string; partitions: number[] }[] = [];
    for (const [topic, ofTopic] of this.#held) {
      const others = [...ofTopic].filter(([, { askedIn }]) => askedIn !== this.#requests);
      if (others.length === 0) continue;
      const partitions = others.map(([partition]) => partition);
      for (const partition of partitions) ofTopic.delete(partition);
      if (ofTopic.size === 0) this.#held.delete(topic);
      this.#heldCount -= partitions.length;
      forgotten.push({ topic, partitions });
    }
    return forgotten;
  }
}
