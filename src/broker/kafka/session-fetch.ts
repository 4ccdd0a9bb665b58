import { createRequire } from 'node:module';
import { traitsOf } from './errors.ts';
import { type Asked, FETCH, FETCH_VERSION, type FetchAnswer } from './fetch-answer.ts';
import { type AskedTopic, FetchSession, NO_SESSION } from './fetch-session.ts';
import { teachBrokers } from './teach-brokers.ts';

const require = createRequire(import.meta.url);
const { requests } = require('kafkajs/src/protocol/requests');

/** The broker knows no session of that number (any more), or is at another epoch of it. */
const SESSION_ENDED: readonly number[] = [70, 71];
const NO_REPLICA = -1;
/** How many fetches go without a session before a broker that keeps none is asked for one again. */
const WITHOUT_SESSION = 100;

/** What kafkajs asks a broker for. */
interface FetchRequest {
  readonly topics: readonly AskedTopic[];
}

/** A broker of kafkajs, as far as fetching goes. */
interface FetchingBroker {
  readonly connectionPool: { send(asked: Asked): Promise<FetchAnswer> };
  lookupRequest(apiKey: number, definition: object): (options: object) => Asked;
  fetch(request: FetchRequest): Promise<FetchAnswer>;
  disconnect(): Promise<void>;
}

/** Without partitions that have nothing: kafkajs makes a batch of each, with a handler and a heartbeat. */
const withoutEmpty = (answer: FetchAnswer): FetchAnswer => {
  const responses = answer.responses.flatMap(({ topicName, partitions }) => {
    const rest = partitions.filter(
      ({ messages, preferredReadReplica }) => messages.length > 0 || preferredReadReplica !== NO_REPLICA,
    );
    return rest.length === 0 ? [] : [{ topicName, partitions: rest }];
  });
  return { ...answer, responses };
};

/** Sends as kafkajs does its own requests. */
const send = async (broker: FetchingBroker, asked: Asked): Promise<FetchAnswer> => {
  try {
    return await broker.connectionPool.send(asked);
  } catch (error) {
    if (traitsOf(error).name === 'KafkaJSConnectionClosedError') await broker.disconnect();
    throw error;
  }
};

/**
 * Fetches within a session. The broker fills an answer in the order in which partitions were named, and puts those that
 * gave something behind the others for the next time: one that was idle comes before those that are never empty.
 *
 * @returns undefined where the broker has ended it, or speaks no version that is read here.
 */
const fetchWithin = async (
  session: FetchSession,
  broker: FetchingBroker,
  request: FetchRequest,
): Promise<FetchAnswer | undefined> => {
  const said = session.request(request.topics);
  const made = broker.lookupRequest(FETCH, requests.Fetch);
  const asked = made({ ...request, ...said });
  // Until the answer has come, nobody knows what the broker remembers.
  session.lost();
  if (asked.request.apiVersion !== FETCH_VERSION) return undefined;
  const answer = await send(broker, asked);
  if (SESSION_ENDED.includes(answer.errorCode)) return undefined;
  session.answered(said, answer.sessionId);
  return withoutEmpty(answer);
};

const teach = (broker: FetchingBroker): void => {
  const original = broker.fetch;
  const session = new FetchSession();
  let isUnderWay = false;
  let withoutSession = 0;
  const fetch = async (request: FetchRequest): Promise<FetchAnswer> => {
    const answer = await fetchWithin(session, broker, request);
    if (answer === undefined) return original.call(broker, request);
    if (answer.sessionId === NO_SESSION) withoutSession = WITHOUT_SESSION;
    return answer;
  };
  broker.fetch = async (request) => {
    // Without a session, kafkajs names partitions in another order each time.
    if (withoutSession > 0) {
      withoutSession -= 1;
      return original.call(broker, request);
    }
    // Requests of a session come one by one.
    if (isUnderWay) return original.call(broker, request);
    isUnderWay = true;
    return fetch(request).finally(() => {
      isUnderWay = false;
    });
  };
};

/** Has the one consumer of a cluster fetch by sessions ({@link FetchSession}), one with each broker. */
export const fetchBySessions = teachBrokers(teach);
