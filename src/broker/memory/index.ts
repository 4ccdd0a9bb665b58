import { type Clock, systemClock } from '../../core/clock.ts';
import { EsteiraError } from '../../core/errors.ts';
import type { Broker, BrokerAdmin, ConsumerOptions, ProducerOptions } from '../../core/ports/broker.ts';
import { MemoryAdmin } from './admin.ts';
import { MemoryCluster } from './cluster.ts';
import { MemoryConsumer } from './consumer.ts';
import { MemoryProducer } from './producer.ts';

export { MemoryCluster } from './cluster.ts';
export { type MemoryFaults, memoryFaults } from './faults.ts';

/** How a memory broker is made. */
export interface MemoryBrokerOptions {
  /** Gives append times, deadlines and lingering; delivery does not wait for it. Default: the machine's. */
  readonly clock?: Clock;
  /** Partitions of topics whose spec says 0 or -1 (the broker's default); default 1. */
  readonly defaultPartitions?: number;
  /** What outlives this broker and is shared with others, and the way to fault switches; default: its own. */
  readonly cluster?: MemoryCluster;
}

class MemoryBroker implements Broker {
  readonly admin: BrokerAdmin;
  readonly #cluster: MemoryCluster;
  readonly #clock: Clock;
  readonly #producers = new Set<MemoryProducer>();
  readonly #consumers = new Set<MemoryConsumer>();
  #closed = false;

  constructor(options: MemoryBrokerOptions) {
    this.#cluster = options.cluster ?? new MemoryCluster();
    this.#clock = options.clock ?? systemClock;
    this.admin = new MemoryAdmin(this.#cluster, options.defaultPartitions ?? 1, () => this.#closed);
  }

  async createProducer(options?: ProducerOptions): Promise<MemoryProducer> {
    this.#refuseWhenClosed();
    const producer = new MemoryProducer(this.#cluster, this.#clock, options);
    this.#producers.add(producer);
    return producer;
  }

  createConsumer(options: ConsumerOptions): MemoryConsumer {
    this.#refuseWhenClosed();
    const consumer = new MemoryConsumer(this.#cluster, options, (ended) => this.#consumers.delete(ended));
    this.#consumers.add(consumer);
    return consumer;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop()));
    await Promise.all([...this.#producers].map((producer) => producer.close()));
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw new EsteiraError('ESTEIRA_CLOSED', 'the broker is closed');
  }
}

/** A broker in this process: for development, tests and the examples; refused in production by the runtime. */
export const createMemoryBroker = (options: MemoryBrokerOptions = {}): Broker => new MemoryBroker(options);
