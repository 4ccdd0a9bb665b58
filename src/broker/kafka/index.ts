import { type Clock, systemClock } from '../../core/clock.ts';
import { EsteiraError } from '../../core/errors.ts';
import type {
  Broker,
  BrokerAdmin,
  ConsumerOptions,
  GroupConsumer,
  ProducerOptions,
  RecordProducer,
} from '../../core/ports/broker.ts';
import type { BrokerLog } from '../../core/ports/log.ts';
import { KafkaAdmin } from './admin.ts';
import { CONNECTION_TIMEOUT_MS, type KafkaBrokerConfig, makeClient, REQUEST_TIMEOUT_MS } from './client.ts';
import { openCluster } from './client-internals.ts';
import { KafkaConsumer } from './consumer.ts';
import { createProduceTransport } from './produce-transport.ts';
import { KafkaProducer, senderLimits } from './producer.ts';
import { SharedCluster } from './shared-cluster.ts';

export type { KafkaBrokerConfig } from './client.ts';

/** The broker port on Kafka, through kafkajs 2.2.4 with the guards of ADR 0002. */
class KafkaBroker implements Broker {
  readonly admin: BrokerAdmin;
  readonly #config: KafkaBrokerConfig;
  readonly #log: BrokerLog;
  readonly #clock: Clock;
  readonly #shared: SharedCluster;
  readonly #kafkaAdmin: KafkaAdmin;
  readonly #producers = new Set<RecordProducer>();
  readonly #consumers = new Set<GroupConsumer>();
  #closing: Promise<void> | undefined;

  constructor(config: KafkaBrokerConfig, log: BrokerLog, clock: Clock) {
    this.#config = config;
    this.#log = log;
    this.#clock = clock;
    this.#shared = new SharedCluster(() => openCluster(makeClient(config, log)));
    this.#kafkaAdmin = new KafkaAdmin(this.#shared, () => makeClient(config, log));
    this.admin = this.#kafkaAdmin;
  }

  async createProducer(options?: ProducerOptions): Promise<RecordProducer> {
    this.#refuseWhenClosed();
    const requestTimeoutMs = this.#config.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
    const connectionTimeoutMs = this.#config.connectionTimeoutMs ?? CONNECTION_TIMEOUT_MS;
    const transport = createProduceTransport(
      () => openCluster(makeClient(this.#config, this.#log)),
      requestTimeoutMs,
    );
    const producer = new KafkaProducer(
      {
        transport,
        clock: this.#clock,
        log: this.#log,
        limits: senderLimits(requestTimeoutMs, connectionTimeoutMs),
      },
      options,
    );
    this.#producers.add(producer);
    return producer;
  }

  createConsumer(options: ConsumerOptions): GroupConsumer {
    this.#refuseWhenClosed();
    const wiring = { config: this.#config, lookUp: this.#shared, clock: this.#clock, log: this.#log };
    const consumer = new KafkaConsumer(wiring, options);
    this.#consumers.add(consumer);
    return consumer;
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  #refuseWhenClosed(): void {
    if (this.#closing !== undefined) throw new EsteiraError('ESTEIRA_CLOSED', 'The broker is closed.');
  }

  async #closeAll(): Promise<void> {
    await Promise.allSettled([...this.#consumers].map((consumer) => consumer.stop()));
    await Promise.allSettled([...this.#producers].map((producer) => producer.close()));
    await this.#kafkaAdmin.close().catch((error: unknown) => {
      this.#log.warn('admin connections did not close in order', { error: String(error) });
    });
  }
}

/**
 * The broker port on Kafka. Connections are made at first use.
 *
 * @throws EsteiraError ESTEIRA_CONFIG_INVALID when kafkajs is not exactly the version whose internals are guarded.
 */
export const createKafkaBroker = (
  config: KafkaBrokerConfig,
  log: BrokerLog,
  clock: Clock = systemClock,
): Broker => new KafkaBroker(config, log, clock);
