import { expect, test } from 'vitest';
import { defineEvent, isEsteiraError, start } from '../../../../src/index.ts';
import { Booked, hall, onBooked } from './bench.ts';

const production = {
  ...{ NODE_ENV: 'production', LOG_LEVEL: 'silent', KAFKA_BROKERS: '127.0.0.1:1' },
  ...{ SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:1' },
};
const unchecked = defineEvent(Booked, { topic: 'hall.events', check: 'none', partitions: 1 });
const app = hall(
  [
    onBooked({ type: 'unchecked', on: unchecked, queue: 'slow' }),
    onBooked({ type: 'storming', on: unchecked, retry: { attempts: 3, backoff: 0 } }),
  ],
  { events: [unchecked], queues: { slow: {} } },
);

const refusal = async (options: Parameters<typeof start>[1]): Promise<unknown> => {
  try {
    const esteira = await start(app, { environment: production, ...options });
    await esteira.stop();
    return undefined;
  } catch (error) {
    return error;
  }
};

test('a breaching job type does not start in production, and every breach is said at once', async () => {
  const error = await refusal({});
  if (!isEsteiraError(error, 'ESTEIRA_COMPLIANCE_BREACH')) throw error;
  expect(error.facts['breaches']).toEqual([
    expect.stringMatching(/^job unchecked: payload-checked: event hall\.Booked has check: 'none'; say /),
    expect.stringMatching(/^job storming: payload-checked: /),
    expect.stringMatching(/^job storming: backoff: attempt 2 of 3 comes at once; /),
  ]);
});

test('only what would run in the process is judged', async () => {
  const error = await refusal({ queues: ['slow'] });
  if (!isEsteiraError(error, 'ESTEIRA_COMPLIANCE_BREACH')) throw error;
  expect(error.facts['breaches']).toHaveLength(1);
  // A process that only publishes gets past the guard, as far as the services that are not there.
  expect(await refusal({ roles: [] })).toMatchObject({ code: 'ESTEIRA_SERVICE_UNREACHABLE' });
});

test('outside production it starts', async () => {
  const esteira = await start(app, { environment: { LOG_LEVEL: 'silent' } });
  expect(await esteira.stop()).toBe(true);
});
