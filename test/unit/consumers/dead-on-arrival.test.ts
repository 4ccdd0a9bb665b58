import { describe, expect, test } from 'vitest';
import { toDeadLetter } from '../../../src/consumers/dead-letters/index.ts';
import { parseEnvelope } from '../../../src/core/envelope.ts';
import { jobIdOf } from '../../../src/core/ids.ts';
import { sequenceOfLetter } from '../../../src/runtime/letters/held-keys.ts';
import { waitFor } from '../../support/wait.ts';
import { DLQ, openVersions, TOPIC } from './versions.ts';

// The bug they were: what cannot be read, breaks its check or has no tenant died without asking whose job it is. So it
// died beside a run of itself, and the job had a dead letter and a completion.

type Versions = ReturnType<typeof openVersions>;

/** Waits until the second copy met the claim of the first, or died. */
const meetingOf = async (bench: Versions, askedBefore: number): Promise<void> => {
  await waitFor(
    'the second copy to ask, or to die',
    () => bench.asked() > askedBefore || bench.types('job.sent_to_dlq').length > 0,
  );
};

/** A letter may be written twice; then nothing but the clock tells both apart. */
const expectOneLetter = async (bench: Versions): Promise<void> => {
  const letters = (await bench.letters()).map((letter) => ({ ...letter, firstFailedAtMs: 0 }));
  expect(letters.length).toBeLessThanOrEqual(2);
  expect(new Set(letters.map((letter) => JSON.stringify(letter))).size).toBe(1);
  const failures = (await bench.read('bench.failures')).map(({ headers }) => parseEnvelope(headers, false));
  expect(new Set(failures.map(({ eventId }) => eventId)).size).toBe(1);
  const told = bench.types('job.sent_to_dlq').map((event) => ({ ...event, time: 0 }));
  expect(new Set(told.map((event) => JSON.stringify(event))).size).toBe(1);
};

const ORDERS = ['none', 'key'] as const;

describe.each(ORDERS)('a record that can never run, order %s', (order) => {
  test('leaves no letter beside a run of the same record by a worker that can read it', async () => {
    const bench = openVersions({ order });
    const esteira = await bench.run();
    await bench.publish(await bench.good());
    await waitFor('it to run', () => bench.ran.length === 1);
    const askedBefore = bench.asked();
    bench.world.takesIt = false;
    await bench.handOverAgain();
    await meetingOf(bench, askedBefore);
    bench.go.open();
    await esteira.idle();
    expect(bench.ends()).toEqual(['job.completed']);
    expect(await bench.letters()).toEqual([]);
    expect(bench.types('job.skipped')).toEqual([]);
  });

  test('leaves no letter of a job whose readable record completed', async () => {
    const bench = openVersions({ order });
    bench.go.open();
    const esteira = await bench.run();
    await bench.publish(await bench.good());
    await bench.publish(await bench.broken());
    await bench.publish(await bench.broken(), { ce_id: 'e-2' });
    await waitFor('both jobs to end', () => bench.ends().length >= 2);
    await esteira.idle();
    expect(bench.ends().sort()).toEqual(['job.completed', 'job.sent_to_dlq']);
    expect(await bench.letters()).toMatchObject([{ deadReason: 'undecodable', origin: `${TOPIC}/0/2` }]);
    expect(bench.types('job.skipped')).toMatchObject([{ reason: 'duplicate', origin: `${TOPIC}/0/1` }]);
  });

  test('is the end of its job: a readable record of it that comes later does not run', async () => {
    const bench = openVersions({ order });
    bench.go.open();
    const esteira = await bench.run();
    await bench.publish(await bench.broken());
    await bench.publish(await bench.good());
    await bench.publish(await bench.broken());
    await waitFor('its repeats', () => bench.types('job.skipped').length === 2);
    await esteira.idle();
    expect(bench.ends()).toEqual(['job.sent_to_dlq']);
    expect(await bench.letters()).toHaveLength(1);
    expect(bench.ran).toEqual([]);
  });

  test('does not run when it comes again after its tenant was made known', async () => {
    const bench = openVersions({ order });
    bench.go.open();
    bench.world.knowsTenant = false;
    const before = await bench.run();
    await bench.publish(await bench.good());
    await waitFor('its letter', () => bench.types('job.sent_to_dlq').length === 1);
    await before.idle();
    await before.stop();
    bench.world.knowsTenant = true;
    await bench.deliverAgain();
    await (await bench.run()).idle();
    expect(bench.ran).toEqual([]);
    expect(bench.ends()).toEqual(['job.sent_to_dlq']);
    expect(bench.types('job.sent_to_dlq')).toMatchObject([
      { reason: 'tenant_unresolved', tenantId: 'unknown' },
    ]);
    expect(await bench.letters()).toHaveLength(1);
  });

  test('is one job with one event also when its process dies before its offset is committed', async () => {
    const bench = openVersions({ order });
    const before = await bench.run();
    bench.world.losesSettled = true;
    await bench.publish(await bench.broken());
    await waitFor('its letter', () => bench.types('job.sent_to_dlq').length === 1);
    await before.stop();
    bench.world.losesSettled = false;
    await bench.deliverAgain();
    const again = await bench.run();
    await again.idle();
    await again.stop();
    await bench.deliverAgain();
    await (await bench.run()).idle();
    expect(bench.ends()).toEqual(['job.sent_to_dlq']);
    await expectOneLetter(bench);
    expect(bench.types('job.skipped')).toEqual([]);
  });

  test('is one job with one event also when two workers have it at once', async () => {
    const bench = openVersions({ order });
    const esteira = await bench.run();
    bench.faults.holdAcks(DLQ);
    await bench.publish(await bench.broken());
    await waitFor('its letter', async () => (await bench.letters()).length === 1);
    const askedBefore = bench.asked();
    await bench.handOverAgain();
    await waitFor('the second worker to ask', () => bench.asked() > askedBefore);
    bench.faults.releaseAcks();
    await esteira.idle();
    expect(bench.ends()).toEqual(['job.sent_to_dlq']);
    await expectOneLetter(bench);
  });

  test('does not die again while its replay runs, nor after it completed', async () => {
    const bench = openVersions({ order });
    const before = await bench.run();
    await bench.publish(await bench.broken());
    await waitFor('its letter', () => bench.types('job.sent_to_dlq').length === 1);
    const [letter] = await bench.letters();
    await bench.replay(await bench.good(), letter?.id ?? '');
    await waitFor('the replay to run', () => bench.ran.length === 1);
    await bench.publish(await bench.broken());
    await waitFor('the repeat to be told', () => bench.types('job.skipped').length === 1);
    bench.go.open();
    await before.idle();
    await before.stop();
    await bench.deliverAgain();
    await (await bench.run()).idle();
    expect(bench.ends()).toEqual(['job.sent_to_dlq', 'job.completed']);
    expect(await bench.letters()).toHaveLength(1);
  });
});

test('a record whose tenant is not known holds its key for what follows it, as its letter says', async () => {
  const bench = openVersions({ order: 'key', afterDead: 'hold' });
  bench.world.knowsTenant = false;
  const before = await bench.run();
  await bench.publish(await bench.good());
  await waitFor('its letter', () => bench.types('job.sent_to_dlq').length === 1);
  await before.idle();
  await before.stop();
  const [record] = await bench.read(DLQ);
  const [job] = bench.app.jobs;
  if (record === undefined || job === undefined) throw new Error('there is no letter');
  const sequence = sequenceOfLetter(bench.app, toDeadLetter(job, record), record);
  if (sequence === undefined) throw new Error('the letter is of no sequence');
  expect(await bench.backend.state.order.inspect([sequence])).toMatchObject([{ held: 1 }]);
  bench.world.knowsTenant = true;
  const after = await bench.run();
  await bench.publish(await bench.good(), { ce_id: 'e-2' });
  await waitFor('the next one', () => bench.types('job.sent_to_dlq').length === 2);
  await after.idle();
  expect(bench.types('job.sent_to_dlq')[1]).toMatchObject({ reason: 'behind_dead_letter', tenantId: 'acme' });
});

test('a stand-in that cannot be read leaves no letter of the job that it stands in for', async () => {
  const bench = openVersions({ lease: '300ms', detachAfter: '100ms' });
  const esteira = await bench.run({ engine: { setAsideAfterMs: 50, commitEveryMs: 10 } });
  await bench.publish(await bench.good());
  await waitFor('it to be detached', async () => (await bench.committed()) === 1n);
  bench.world.takesIt = false;
  await waitFor(
    'its stand-in to be put off, or to die',
    () => bench.types('job.deferred').length + bench.types('job.sent_to_dlq').length > 0,
  );
  bench.go.open();
  await esteira.idle();
  expect(bench.ends()).toEqual(['job.completed']);
  expect(await bench.letters()).toEqual([]);
});

// Its key is not known, so nothing can be asked under it: docs/reference/telemetry.md says so (counting, 6).
test('a repeat that cannot be read is a letter of a job that completed under a key made of its payload', async () => {
  const bench = openVersions({ idempotencyKey: ({ paymentId }) => paymentId });
  bench.go.open();
  const esteira = await bench.run();
  await bench.publish(await bench.good());
  await waitFor('it to complete', () => bench.ends().length === 1);
  await bench.publish(await bench.broken());
  await bench.publish(await bench.broken());
  await waitFor('the last one to be told', () => bench.types('job.skipped').length === 1);
  await esteira.idle();
  expect(bench.ends()).toEqual(['job.completed', 'job.sent_to_dlq']);
  expect(await bench.letters()).toHaveLength(1);
});

// Two records without an id are two jobs, and each is the same one whenever it is delivered.
test('a record without a readable envelope has the id of its place', async () => {
  const bench = openVersions();
  const before = await bench.run();
  for (let copies = 0; copies < 2; copies++) await bench.write(TOPIC, Buffer.from('poison'), []);
  await waitFor('both letters', () => bench.types('job.sent_to_dlq').length === 2);
  await before.idle();
  await before.stop();
  await bench.deliverAgain();
  await (await bench.run()).idle();
  const ids = [0, 1].map((offset) => jobIdOf('bench', 'settle', '', `${TOPIC}/0/${offset}`));
  expect((await bench.letters()).map((letter) => letter?.id)).toEqual(ids);
  expect(bench.ends()).toEqual(['job.sent_to_dlq', 'job.sent_to_dlq']);
});

test.each(ORDERS)(
  'what cannot be read says so, however often it was started or tried, order %s',
  async (order) => {
    const bench = openVersions({ order });
    const esteira = await bench.run();
    await bench.replay(await bench.broken(), 'a-job', { 'job-attempt': '9', 'job-starts': '99' });
    await waitFor('its letter', () => bench.types('job.sent_to_dlq').length === 1);
    await esteira.idle();
    expect(bench.types('job.sent_to_dlq')).toMatchObject([{ reason: 'undecodable', starts: 99, attempt: 0 }]);
  },
);
