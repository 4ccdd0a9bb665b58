import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { dispatchFormat } from '../../../src/core/dispatch.ts';
import { defineEvent } from '../../../src/core/event.ts';
import { defineJob } from '../../../src/core/job.ts';
import { trigger } from '../../../src/core/trigger.ts';
import { paid, plain } from './definitions.ts';

const formatOf = (changes: Parameters<typeof plain<{ amount: number }>>[0]) =>
  dispatchFormat('shop', defineJob(plain(changes)));

const check = z.object({ amount: z.number() });
const refunded = defineEvent<{ amount: number }>(
  { name: 'shop.Refunded', schema: 'string' },
  { topic: 'shop.events', check },
);

describe('a dispatch', () => {
  it('of a job type with a Zod schema travels as JSON under the name of its inbox', () => {
    expect(formatOf({ payload: check })).toEqual({ kind: 'json', type: 'shop.job.send-receipt', check });
  });

  it('of a job type with an Avro contract travels as Avro', () => {
    const { contract } = paid;
    expect(formatOf({ payload: { avro: contract, check } })).toEqual({
      ...{ kind: 'avro', type: 'shop.job.send-receipt' },
      ...{ check, contract },
    });
  });

  it('of a job type that listens to one event travels as that event, checked as it is', () => {
    expect(formatOf({ on: refunded })).toEqual({
      kind: 'event',
      type: 'shop.Refunded',
      check,
      event: refunded,
    });
    expect(formatOf({ on: trigger(refunded, { delay: '1s' }) })).toMatchObject({ kind: 'event' });
  });

  it('of a job type with its own contract goes by that, whatever it listens to', () => {
    expect(formatOf({ on: [paid, refunded], payload: check })).toMatchObject({ kind: 'json' });
  });

  it.each([
    ['nothing is said of its payload', {}],
    ['it listens to several events', { on: [paid, refunded] }],
    [
      'its payload is made by a map',
      { on: trigger(refunded, { map: ({ amount }) => ({ amount: -amount }) }) },
    ],
  ])('is not possible where %s', (_why, changes) => {
    expect(formatOf(changes)).toBeUndefined();
  });
});
