import type { ZodType } from 'zod';
import type { AvroContract } from './contract.ts';
import { EsteiraError } from './errors.ts';
import { isTopicName } from './names.ts';
import { positive } from './positive.ts';

/** Checks the meaning of a decoded payload. It must not transform: what travels is the original bytes. */
export type PayloadCheck = ZodType | 'none';

/** A kind of fact, published as Avro on a topic and keyed by tenant. Made by {@link defineEvent}. */
export interface EventDefinition<T> {
  readonly contract: AvroContract<T>;
  /** The `ce_type` on the wire. */
  readonly type: string;
  readonly topic: string;
  readonly check: PayloadCheck;
  /** Partitions of the topic when `topics apply` creates it. */
  readonly partitions: number;
  /** Whether a person has said yes by it. */
  readonly confirms?: true;
}

export interface EventOptions {
  /** Events that must stay in order share a topic. */
  readonly topic: string;
  /** Zod schema for the meaning of the payload; `'none'` says openly that there is none (a compliance breach). */
  readonly check: PayloadCheck;
  /** The `ce_type` on the wire; default: the full Avro name. */
  readonly type?: string;
  /** Default 6. */
  readonly partitions?: number;
  /** Whether a person says yes by it: what an `ai` job has prepared may be done after it. Default false. */
  readonly confirms?: boolean;
}

/** Defines an event from its generated contract. @throws EsteiraError ESTEIRA_DEFINITION_INVALID */
export const defineEvent = <T>(contract: AvroContract<T>, options: EventOptions): EventDefinition<T> => {
  if (!isTopicName(options.topic)) {
    throw new EsteiraError(
      'ESTEIRA_DEFINITION_INVALID',
      `event ${contract.name}: topic ${JSON.stringify(options.topic)} is not a Kafka topic name (letters, digits, . _ -)`,
    );
  }
  return {
    contract,
    type: options.type ?? contract.name,
    topic: options.topic,
    check: options.check,
    partitions: positive(options.partitions ?? 6, `event ${contract.name}: partitions`),
    ...(options.confirms === true ? { confirms: true } : {}),
  };
};
