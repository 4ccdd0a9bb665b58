import { describe, expect, it, onTestFinished } from 'vitest';
import { EsteiraError, isEsteiraError } from '../../../src/core/errors.ts';
import { telemetryBundle as bundle, settle } from './telemetry-bundle.ts';

const OUTAGE = new EsteiraError('ESTEIRA_BROKER_UNAVAILABLE', 'no broker answers');
const FULL = new EsteiraError('ESTEIRA_BUFFER_FULL', 'the buffer is full');

const record = (value: string) => ({ key: Buffer.from('acme'), value: Buffer.from(value) });

describe('appending', () => {
  it('writes key and value to the topic with the content type as only header', async () => {
    const { telemetry, producer } = await bundle();
    const appended = telemetry.append(record('a'));
    expect(producer.open[0]?.record).toEqual({
      topic: 'shop.telemetry.jobs',
      ...record('a'),
      headers: [['content-type', Buffer.from('application/avro')]],
    });
    producer.open[0]?.answer.open();
    await appended;
  });

  it('resolves when the record is acknowledged and not before', async () => {
    const { telemetry, producer } = await bundle();
    let done = false;
    const appended = telemetry.append(record('a')).then(() => {
      done = true;
    });
    await settle();
    expect(done).toBe(false);
    producer.open[0]?.answer.open();
    await appended;
    expect(producer.acknowledged).toEqual(['a']);
  });

  it('keeps trying through an outage of an hour, loses nothing, keeps the order and logs the outage once', async () => {
    const { telemetry, producer, clock, log } = await bundle();
    producer.failWith = OUTAGE;
    const appended = Promise.all(['a', 'b', 'c'].map((value) => telemetry.append(record(value))));
    for (let passedMs = 0; passedMs < 3_600_000; passedMs += 5_000) {
      await settle();
      clock.advance(5_000);
    }
    await settle();
    expect(producer.acknowledged).toEqual([]);
    producer.failWith = undefined;
    producer.works = true;
    clock.advance(5_000);
    await appended;
    expect(producer.acknowledged).toEqual(['a', 'b', 'c']);
    expect(log.lines.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'telemetry.blocked'],
      ['info', 'telemetry.unblocked'],
    ]);
    expect(log.lines[0]?.facts).toMatchObject({ code: 'ESTEIRA_BROKER_UNAVAILABLE' });
    expect(log.lines[1]?.facts['outageMs']).toBeGreaterThanOrEqual(3_600_000);
  });

  it('waits between tries with pauses that grow to five seconds, one for all records', async () => {
    const { telemetry, producer, clock } = await bundle();
    producer.failWith = OUTAGE;
    const appended = Promise.all(Array.from({ length: 50 }, (_, n) => telemetry.append(record(String(n)))));
    const pauses: (number | undefined)[] = [];
    for (let round = 0; round < 9; round += 1) {
      await settle();
      pauses.push(clock.nextInMs());
      clock.advance(clock.nextInMs() ?? 0);
    }
    await settle();
    expect(pauses).toEqual([50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    producer.failWith = undefined;
    producer.works = true;
    clock.advance(5_000);
    await appended;
  });

  it('does not send while it pauses, also not what arrives then', async () => {
    const { telemetry, producer, clock } = await bundle();
    producer.failWith = OUTAGE;
    const first = telemetry.append(record('first'));
    await settle();
    const late = telemetry.append(record('late'));
    await settle();
    expect(producer.sends).toBe(1);
    producer.failWith = undefined;
    producer.works = true;
    clock.advance(50);
    await Promise.all([first, late]);
    expect(producer.acknowledged).toEqual(['first', 'late']);
  });

  it('does not call an outage over while one record still waits', async () => {
    const { telemetry, producer, clock, log } = await bundle();
    producer.failWith = OUTAGE;
    const appended = Promise.all(['a', 'b'].map((value) => telemetry.append(record(value))));
    await settle();
    producer.failWith = undefined;
    clock.advance(50);
    await settle();
    producer.open[0]?.answer.open();
    producer.open[1]?.answer.fail(OUTAGE);
    await settle();
    expect(log.messages('info')).toEqual([]);
    producer.works = true;
    clock.advance(100);
    await appended;
    expect(log.messages('info')).toEqual(['telemetry.unblocked']);
    expect(log.messages('warn')).toEqual(['telemetry.blocked']);
  });

  it('tells a second outage again', async () => {
    const { telemetry, producer, clock, log } = await bundle();
    for (const value of ['a', 'b']) {
      producer.works = false;
      producer.failWith = OUTAGE;
      const appended = telemetry.append(record(value));
      await settle();
      producer.failWith = undefined;
      producer.works = true;
      clock.advance(50);
      await appended;
    }
    expect(log.messages('warn')).toEqual(['telemetry.blocked', 'telemetry.blocked']);
  });

  it('waits for room without a word when the buffer is full for a moment, and says so when it stays full', async () => {
    const { telemetry, producer, clock, log } = await bundle();
    producer.failWith = FULL;
    const appended = telemetry.append(record('a'));
    await settle();
    clock.advance(1_000);
    await settle();
    expect(log.lines).toEqual([]);
    for (let round = 0; round < 3; round += 1) {
      clock.advance(5_000);
      await settle();
    }
    expect(log.messages('warn')).toEqual(['telemetry.blocked']);
    producer.failWith = undefined;
    producer.works = true;
    clock.advance(5_000);
    await appended;
    expect(producer.acknowledged).toEqual(['a']);
  });

  it('repeats a record whose fate is unknown', async () => {
    const { telemetry, producer, clock } = await bundle();
    const appended = telemetry.append(record('a'));
    producer.open[0]?.answer.fail(new EsteiraError('ESTEIRA_PUBLISH_UNKNOWN', 'no answer'));
    await settle();
    producer.works = true;
    clock.advance(50);
    await appended;
    expect(producer.sends).toBe(2);
  });

  it.each([
    new TypeError('a bug in the client'),
    new EsteiraError('ESTEIRA_TOPICS_DIFFER', 'somebody deleted the topic'),
  ])('keeps trying after $message, since a person may mend it', async (error) => {
    const { telemetry, producer, clock, log } = await bundle();
    producer.failWith = error;
    const appended = telemetry.append(record('a'));
    await settle();
    producer.failWith = undefined;
    producer.works = true;
    clock.advance(50);
    await appended;
    expect(producer.acknowledged).toEqual(['a']);
    expect(log.lines[0]?.facts['error']).toBe(error.message);
  });

  it.each(['ESTEIRA_CLOSED', 'ESTEIRA_RECORD_TOO_LARGE'] as const)(
    'gives %s to the caller: trying again would not help',
    async (code) => {
      const { telemetry, producer } = await bundle();
      producer.failWith = new EsteiraError(code, 'refused');
      const error: unknown = await telemetry.append(record('a')).catch((caught: unknown) => caught);
      expect(isEsteiraError(error, code)).toBe(true);
      expect(producer.sends).toBe(1);
    },
  );

  it('fails without a stray rejection when nobody waits for it yet', async () => {
    const { telemetry, producer } = await bundle();
    const stray: unknown[] = [];
    const onStray = (reason: unknown): number => stray.push(reason);
    process.on('unhandledRejection', onStray);
    onTestFinished(() => void process.off('unhandledRejection', onStray));
    producer.failWith = new EsteiraError('ESTEIRA_CLOSED', 'closed');
    const appended = telemetry.append(record('a')); // the engine waits for it only after the handler
    await settle();
    await settle();
    expect(stray).toEqual([]);
    await expect(appended).rejects.toMatchObject({ code: 'ESTEIRA_CLOSED' });
  });

  it('lets waiting records go with ESTEIRA_CLOSED when the producer is closed during an outage', async () => {
    const { telemetry, producer, clock, log } = await bundle();
    producer.failWith = OUTAGE;
    const appended = telemetry.append(record('a'));
    await settle();
    producer.failWith = new EsteiraError('ESTEIRA_CLOSED', 'closed');
    clock.advance(50);
    await expect(appended).rejects.toMatchObject({ code: 'ESTEIRA_CLOSED' });
    expect(log.messages('info')).toEqual([]); // nothing flows again
  });
});

describe('posting', () => {
  it('tells once that the record is durable, and not before it is', async () => {
    const { telemetry, producer } = await bundle();
    const told: unknown[] = [];
    telemetry.post(record('a'), (...given) => told.push(given));
    await settle();
    expect(told).toEqual([]);
    producer.open[0]?.answer.open();
    await settle();
    expect(told).toEqual([[undefined]]);
    expect(producer.acknowledged).toEqual(['a']);
  });

  it('keeps on through an outage, in the order of the calls, beside what is appended', async () => {
    const { telemetry, producer, clock, log } = await bundle();
    producer.failWith = OUTAGE;
    const told: string[] = [];
    telemetry.post(record('a'), () => told.push('a'));
    const appended = telemetry.append(record('b')).then(() => told.push('b'));
    await settle();
    telemetry.post(record('c'), () => told.push('c'));
    producer.failWith = undefined;
    producer.works = true;
    clock.advance(50);
    await appended;
    await settle();
    expect(producer.acknowledged).toEqual(['a', 'b', 'c']);
    expect(told.toSorted()).toEqual(['a', 'b', 'c']);
    expect(log.messages('warn')).toEqual(['telemetry.blocked']);
  });

  it.each(['ESTEIRA_CLOSED', 'ESTEIRA_RECORD_TOO_LARGE'] as const)(
    'gives %s to the caller, once',
    async (code) => {
      const { telemetry, producer } = await bundle();
      producer.failWith = new EsteiraError(code, 'refused');
      const told: unknown[] = [];
      telemetry.post(record('a'), (error) => told.push(error?.code));
      await settle();
      await settle();
      expect(told).toEqual([code]);
      expect(producer.sends).toBe(1);
    },
  );

  it('tries again also where the client threw instead of answering', async () => {
    const { telemetry, producer, clock, log } = await bundle();
    const post = producer.post;
    producer.post = () => {
      throw new TypeError('a bug in the client');
    };
    const appended = telemetry.append(record('a'));
    producer.post = post;
    producer.works = true;
    clock.advance(50);
    await appended;
    expect(producer.acknowledged).toEqual(['a']);
    expect(log.messages('warn')).toEqual(['telemetry.blocked']);
  });
});
