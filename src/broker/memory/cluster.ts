import { EsteiraError } from '../../core/errors.ts';
import type { TopicSpec } from '../../core/ports/broker.ts';
import { FaultSwitches } from './fault-switches.ts';
import { MemoryGroup } from './group.ts';
import { MemoryTopic } from './topic.ts';

const TOPIC_NAME = /^[a-zA-Z0-9._-]{1,249}$/;

/**
 * Topics and groups in this process: what outlives a broker object. Brokers made with the same cluster see the same
 * records and share groups, as processes on one Kafka do.
 */
export class MemoryCluster {
  readonly switches = new FaultSwitches();
  readonly #topics = new Map<string, MemoryTopic>();
  readonly #groups = new Map<string, MemoryGroup>();

  /** Every topic there is. */
  names(): readonly string[] {
    return [...this.#topics.keys()];
  }

  /** Forgets a topic with all it holds, and what groups have committed there. */
  delete(name: string): void {
    this.#topics.delete(name);
    for (const group of this.#groups.values()) group.forgetTopic(name);
  }

  /** The topic, or undefined. */
  find(name: string): MemoryTopic | undefined {
    return this.#topics.get(name);
  }

  /** @throws EsteiraError ESTEIRA_TOPICS_DIFFER when it does not exist; no topic is ever made by using it. */
  topic(name: string): MemoryTopic {
    const topic = this.#topics.get(name);
    if (topic !== undefined) return topic;
    throw new EsteiraError('ESTEIRA_TOPICS_DIFFER', `topic ${name} does not exist: create it first`, {
      facts: { topic: name },
    });
  }

  /**
   * Makes a topic; one that exists is left as it is.
   *
   * @throws EsteiraError ESTEIRA_BROKER_REFUSED when Kafka would refuse the name.
   */
  create(spec: TopicSpec): void {
    if (this.#topics.has(spec.topic)) return;
    if (!TOPIC_NAME.test(spec.topic)) {
      throw new EsteiraError('ESTEIRA_BROKER_REFUSED', `"${spec.topic}" cannot be the name of a topic`, {
        facts: { topic: spec.topic },
      });
    }
    this.#topics.set(spec.topic, new MemoryTopic(spec));
  }

  /** The group; it exists as soon as someone asks for it. */
  group(groupId: string): MemoryGroup {
    const known = this.#groups.get(groupId);
    if (known !== undefined) return known;
    const made = new MemoryGroup(groupId, (topic) => this.topic(topic));
    this.#groups.set(groupId, made);
    return made;
  }
}
