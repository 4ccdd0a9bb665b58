import { type ErrorCode, type ErrorFacts, EsteiraError, isEsteiraError } from '../../core/errors.ts';

/** What kafkajs puts on its errors: a class name and, when a broker answered, Kafka's name of the error. */
export interface ClientErrorTraits {
  readonly name: string;
  readonly type: string | undefined;
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const traitsOfOne = (error: object): ClientErrorTraits => ({
  name: 'name' in error ? (textOf(error.name) ?? 'Error') : 'Error',
  type: 'type' in error ? textOf(error.type) : undefined,
});

/** The traits of the innermost kafkajs error: its retry wrapper hides them behind `cause`. */
export const traitsOf = (error: unknown): ClientErrorTraits => {
  if (typeof error !== 'object' || error === null) return { name: 'Error', type: undefined };
  const own = traitsOfOne(error);
  if (own.type !== undefined || !('cause' in error) || typeof error.cause !== 'object') return own;
  return error.cause === null ? own : traitsOf(error.cause);
};

const REFUSED = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'INVALID_TOPIC_EXCEPTION',
  'INVALID_CONFIG',
  'INVALID_PARTITIONS',
  'INVALID_REPLICATION_FACTOR',
  'INVALID_REQUEST',
  'INVALID_TIMESTAMP',
  'INVALID_RECORD',
  'POLICY_VIOLATION',
  'UNSUPPORTED_VERSION',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'UNSUPPORTED_COMPRESSION_TYPE',
  'NON_EMPTY_GROUP',
  'INVALID_GROUP_ID',
  'INCONSISTENT_GROUP_PROTOCOL',
  'OFFSET_METADATA_TOO_LARGE',
]);

const REFUSED_CLASSES = new Set([
  'KafkaJSSASLAuthenticationError',
  'KafkaJSNotImplemented',
  'UnreadableBatch',
]);

/** What a commit by hand is answered when the group has members. */
const GROUP_IN_USE = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS']);

/** Whether an error means that the group has members, so that its offsets cannot be set from outside. */
export const isGroupInUse = (error: unknown): boolean => GROUP_IN_USE.has(traitsOf(error).type ?? '');

const codeOf = ({ name, type }: ClientErrorTraits, fallback: ErrorCode): ErrorCode => {
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION') return 'ESTEIRA_TOPICS_DIFFER';
  if (type === 'OFFSET_OUT_OF_RANGE') return 'ESTEIRA_OFFSETS_MISSING';
  if (type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE') return 'ESTEIRA_RECORD_TOO_LARGE';
  if ((type !== undefined && REFUSED.has(type)) || REFUSED_CLASSES.has(name)) return 'ESTEIRA_BROKER_REFUSED';
  return fallback;
};

/** What to do, where Kafka's name of the error does not say it. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ['KafkaJSNotImplemented', 'A batch is compressed in a way this Node cannot unpack: zstd needs Node 22.15.'],
  ['UnreadableBatch', 'A compressed batch cannot be unpacked: look at the partition and at who writes it.'],
  ['UNKNOWN_TOPIC_OR_PARTITION', 'The topic is missing: run `esteira topics apply`.'],
]);

/**
 * Makes an error of the client one of the catalogue, by its class and Kafka's error name, never by its text.
 *
 * @param doing what was asked, as a sentence start: "Cannot commit offsets".
 */
export const brokerError = (
  doing: string,
  error: unknown,
  options: { facts?: ErrorFacts; fallback?: ErrorCode } = {},
): EsteiraError => {
  if (isEsteiraError(error)) return error;
  const traits = traitsOf(error);
  const code = codeOf(traits, options.fallback ?? 'ESTEIRA_BROKER_UNAVAILABLE');
  const kafka = traits.type ?? traits.name;
  const advice = ADVICE.get(kafka);
  return new EsteiraError(code, `${doing}: Kafka says ${kafka}.${advice === undefined ? '' : ` ${advice}`}`, {
    facts: { ...options.facts, kafkaError: kafka },
    cause: error,
  });
};
