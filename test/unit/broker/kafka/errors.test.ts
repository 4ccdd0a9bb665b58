import { describe, expect, it } from 'vitest';
import { brokerError, isGroupInUse, traitsOf } from '../../../../src/broker/kafka/errors.ts';
import { EsteiraError } from '../../../../src/core/errors.ts';

const client = (name: string, fields: object = {}): Error =>
  Object.assign(new Error('some words'), { name, ...fields });
const protocol = (type: string): Error => client('KafkaJSProtocolError', { type });

describe('an error of the client', () => {
  it("becomes one of the catalogue by Kafka's name of it", () => {
    const codes = {
      UNKNOWN_TOPIC_OR_PARTITION: 'ESTEIRA_TOPICS_DIFFER',
      OFFSET_OUT_OF_RANGE: 'ESTEIRA_OFFSETS_MISSING',
      MESSAGE_TOO_LARGE: 'ESTEIRA_RECORD_TOO_LARGE',
      TOPIC_AUTHORIZATION_FAILED: 'ESTEIRA_BROKER_REFUSED',
      INVALID_TOPIC_EXCEPTION: 'ESTEIRA_BROKER_REFUSED',
      NOT_LEADER_FOR_PARTITION: 'ESTEIRA_BROKER_UNAVAILABLE',
      SOMETHING_NEW: 'ESTEIRA_BROKER_UNAVAILABLE',
    };
    for (const [type, code] of Object.entries(codes))
      expect(brokerError('Cannot', protocol(type)).code).toBe(code);
  });

  it('is known by its class where no broker answered', () => {
    expect(brokerError('Cannot', client('KafkaJSSASLAuthenticationError')).code).toBe(
      'ESTEIRA_BROKER_REFUSED',
    );
    expect(brokerError('Cannot', client('KafkaJSConnectionError')).code).toBe('ESTEIRA_BROKER_UNAVAILABLE');
    const first = brokerError('Cannot', client('KafkaJSConnectionError'), {
      fallback: 'ESTEIRA_SERVICE_UNREACHABLE',
    });
    expect(first.code).toBe('ESTEIRA_SERVICE_UNREACHABLE');
  });

  it('is looked for inside the wrappers of the retries', () => {
    const wrapped = client('KafkaJSNonRetriableError', {
      cause: client('KafkaJSNumberOfRetriesExceeded', { cause: protocol('GROUP_AUTHORIZATION_FAILED') }),
    });
    expect(traitsOf(wrapped).type).toBe('GROUP_AUTHORIZATION_FAILED');
    expect(brokerError('Cannot', wrapped).code).toBe('ESTEIRA_BROKER_REFUSED');
  });

  it('says what to do about records nobody here can unpack', () => {
    const error = brokerError('The consumer gave up', client('KafkaJSNotImplemented'));
    expect(error).toMatchObject({
      code: 'ESTEIRA_BROKER_REFUSED',
      facts: { kafkaError: 'KafkaJSNotImplemented' },
    });
    expect(error.message).toContain('Node 22.15');
  });

  it('of ours stays what it is', () => {
    const ours = new EsteiraError('ESTEIRA_CLOSED', 'closed');
    expect(brokerError('Cannot', ours)).toBe(ours);
  });

  it('may be anything, also no error at all', () => {
    for (const thrown of [undefined, null, 'text', 7, {}])
      expect(brokerError('Cannot', thrown).code).toBe('ESTEIRA_BROKER_UNAVAILABLE');
  });

  it('tells a group with members from other refusals of a commit', () => {
    expect(isGroupInUse(protocol('UNKNOWN_MEMBER_ID'))).toBe(true);
    expect(isGroupInUse(protocol('NOT_COORDINATOR_FOR_GROUP'))).toBe(false);
  });
});
