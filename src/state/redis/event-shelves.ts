import { randomBytes } from 'node:crypto';
import type { ClaimId, CompleteAnswer, ToldRequest } from '../../core/ports/state.ts';
import type { KeyNames, TenantNames } from './key-names.ts';
import { LIST_HEAD_BYTES, packedList, WORD_HEAD_BYTES } from './word-packer.ts';

/** With a number behind it, it names no two shelves alike: a call that is made again puts its events on a new one. */
const PROCESS = randomBytes(6).toString('base64url');
let shelves = 0;

/**
 * What the done marks of one call have still to be told: their events, one behind the other in one value beside the
 * marks, which say where each begins. The last one told takes the whole value away, where events inside the marks would
 * need each mark written a second time.
 */
export class EventShelf {
  #events: Buffer[] = [];
  #length = LIST_HEAD_BYTES;
  #id = '';

  /** So many bytes are on it. */
  get length(): number {
    return this.#id === '' ? 0 : this.#length;
  }

  /** Puts an event on the shelf; answers what its mark keeps: the id of the shelf, and the byte it begins at. */
  put(event: Buffer): string {
    if (this.#id === '') this.#id = `${PROCESS}${(shelves++).toString(36)}`;
    const place = `${this.#id}.${this.#length}`;
    this.#events.push(event);
    this.#length += WORD_HEAD_BYTES + event.length;
    return place;
  }

  /** What was put on it, as a MessagePack list; undefined for nothing. It is empty afterwards. */
  take(): PackedShelf | undefined {
    if (this.#id === '') return undefined;
    const shelf = { id: this.#id, packed: packedList(this.#events, this.#length) };
    this.#events = [];
    this.#length = LIST_HEAD_BYTES;
    this.#id = '';
    return shelf;
  }
}

/** Events as a script gets them. */
export interface PackedShelf {
  readonly id: string;
  readonly packed: Buffer;
}

/** A shelf on the server with events of this process that are still to be told. */
interface OpenShelf {
  readonly name: string;
  left: number;
}

interface FollowedMark {
  readonly tenant: string;
  readonly idempotencyKey: string;
  readonly shelf: OpenShelf;
}

/** Marks that are followed: several seconds of a fast worker. Beyond it the oldest are told one by one. */
const MOST_FOLLOWED = 50_000;

/** Knows which shelves on the server the marks of this process are on, until all of a shelf were told. */
export class EventShelves {
  readonly #namesOf: KeyNames;
  /** By tag and fence. */
  readonly #shelves = new Map<string, Map<number, FollowedMark>>();

  constructor(namesOf: KeyNames) {
    this.#namesOf = namesOf;
  }

  /** Follows the marks that a call left with their events on the shelf `id`. */
  follow(
    names: TenantNames,
    id: string,
    marks: readonly (ClaimId & { readonly fence: number })[],
    answers: readonly CompleteAnswer[],
  ): void {
    const shelf = { name: names.shelf(id), left: 0 };
    const followed = this.#followed(names.tag);
    for (const [index, { fence, tenant, idempotencyKey }] of marks.entries()) {
      // One that was left before is on the shelf of that call.
      if (answers[index] !== 'completed' && answers[index] !== 'adopted') continue;
      followed.set(fence, { tenant, idempotencyKey, shelf });
      shelf.left += 1;
    }
    for (const oldest of followed.keys()) {
      if (followed.size <= MOST_FOLLOWED) break;
      followed.delete(oldest);
    }
  }

  /** Takes note of what was told: the names of shelves that may go, and the marks that are not known here. */
  told(requests: readonly ToldRequest[]): ToldMarks {
    const over: string[] = [];
    const unknown: ToldRequest[] = [];
    for (const request of requests) {
      const followed = this.#followed(this.#namesOf(request).tag);
      const known = followed.get(request.fence);
      if (known === undefined || !isSame(known, request)) unknown.push(request);
      else {
        followed.delete(request.fence);
        known.shelf.left -= 1;
        if (known.shelf.left === 0) over.push(known.shelf.name);
      }
    }
    return { over, unknown };
  }

  #followed(tag: string): Map<number, FollowedMark> {
    const known = this.#shelves.get(tag);
    if (known !== undefined) return known;
    const made = new Map<number, FollowedMark>();
    this.#shelves.set(tag, made);
    return made;
  }
}

const isSame = (one: FollowedMark, other: ToldRequest): boolean =>
  one.idempotencyKey === other.idempotencyKey && one.tenant === other.tenant;

/** Names of shelves that may go, and marks that are on none of this process. */
export interface ToldMarks {
  readonly over: readonly string[];
  readonly unknown: readonly ToldRequest[];
}
