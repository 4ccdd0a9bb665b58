import type { Broker } from '../../src/core/ports/broker.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import { parsePosition } from '../../src/core/record.ts';
import { editLetter } from '../../src/runtime/letters/index.ts';
import { withReplay } from '../../src/runtime/replay/index.ts';
import { die } from './die.ts';
import { openServices } from './open-services.ts';
import { EDIT_POLICY, replayApp } from './replay-app.ts';

// An operator's process that edits a dead letter, and dies right after a record of this topic was acknowledged.
const { EDIT_NS = '', EDIT_POSITION = '', EDIT_DIE_AT = '' } = process.env;

const dying = (broker: Broker): Broker => ({
  admin: broker.admin,
  createConsumer: (options) => broker.createConsumer(options),
  createProducer: async (options) => {
    const producer = await broker.createProducer(options);
    return {
      send: async (record, sendOptions) => {
        const position = await producer.send(record, sendOptions);
        return record.topic === EDIT_DIE_AT ? die() : position;
      },
      post: (record, done) => producer.post(record, done),
      flush: () => producer.flush(),
      close: (timeoutMs) => producer.close(timeoutMs),
    };
  },
  close: () => broker.close(),
});

const app = replayApp(EDIT_NS);
const services = await openServices(app);
const position = parsePosition(EDIT_POSITION);
if (position === undefined) throw new Error(`EDIT_POSITION is ${EDIT_POSITION}`);
process.send?.('ready');
await withReplay(
  {
    ...{ app, log: silentLog, service: { service: 'it', host: 'a terminal' }, policy: EDIT_POLICY },
    backend: { ...services.backend, broker: dying(services.backend.broker) },
    operator: { name: 'ana', roles: ['operator'] },
  },
  (parts) =>
    editLetter(parts, {
      ...{ position, reason: 'the number was wrong', run: true },
      change: { sets: [{ path: 'invoiceId', value: 'mended' }] },
    }),
);
await services.close();
process.disconnect?.();
