import { createRequire } from 'node:module';
import { EsteiraError } from '../../core/errors.ts';
import { installCodecs } from './codecs.ts';
import { patchConnect, patchDisconnect, patchIdleTimer } from './connection-patch.ts';
import { patchFetch, patchHandling, patchHeartbeat, patchJoin, patchOutOfRange } from './group-patch.ts';
import { type DecodedHeader, headerObject, wireOrder } from './headers.ts';

/** The only version whose internals were read and tested. */
export const KAFKAJS_VERSION = '2.2.4';

const require = createRequire(import.meta.url);
let hardened = false;

interface RecordDecoder {
  readVarIntArray(reader: unknown): DecodedHeader[] | { reduce(): object };
}

/** Keeps the wire order of headers, which the record decoder reduces into an object (see headers.ts). */
const patchHeaders = (decoder: RecordDecoder, headerReader: unknown): void => {
  const original = decoder.readVarIntArray;
  decoder.readVarIntArray = function (this: RecordDecoder, reader: unknown) {
    if (reader !== headerReader) return original.call(this, reader);
    const read = original.call(this, reader);
    return Array.isArray(read) ? { reduce: () => headerObject(wireOrder(read)) } : read;
  };
};

const refuseOtherVersions = (): void => {
  const { version } = require('kafkajs/package.json');
  if (version === KAFKAJS_VERSION) return;
  throw new EsteiraError(
    'ESTEIRA_CONFIG_INVALID',
    `kafkajs ${KAFKAJS_VERSION} is required exactly, its internals are guarded: install that version.`,
    { facts: { found: String(version) } },
  );
};

/**
 * Applies the guards that kafkajs 2.2.4 needs inside, once a process. Consumers that are not Esteira's keep their
 * behaviour, but for the timer, single connects and headers with odd names.
 *
 * @throws EsteiraError ESTEIRA_CONFIG_INVALID when another version of kafkajs is installed.
 */
export const hardenClient = (): void => {
  if (hardened) return;
  refuseOtherVersions();
  patchIdleTimer(require('kafkajs/src/network/requestQueue').prototype);
  const Connection = require('kafkajs/src/network/connection');
  patchConnect(Connection.prototype);
  patchDisconnect(Connection.prototype);
  const ConsumerGroup = require('kafkajs/src/consumer/consumerGroup');
  patchJoin(ConsumerGroup.prototype);
  patchFetch(ConsumerGroup.prototype);
  patchHeartbeat(ConsumerGroup.prototype);
  patchOutOfRange(ConsumerGroup.prototype);
  patchHandling(require('kafkajs/src/consumer/runner').prototype);
  patchHeaders(
    require('kafkajs/src/protocol/decoder').prototype,
    require('kafkajs/src/protocol/recordBatch/header/v0/decoder'),
  );
  installCodecs();
  hardened = true;
};
