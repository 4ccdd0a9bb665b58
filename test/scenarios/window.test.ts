import { expect, test } from 'vitest';
import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import type { AppDefinition } from '../../src/core/app.ts';
import { contextHeaders } from '../../src/core/envelope.ts';
import { names } from '../../src/core/names.ts';
import { start } from '../../src/index.ts';
import { readPlanFile } from '../../src/runtime/replay/index.ts';
import { applyTopics } from '../../src/runtime/topics/index.ts';
import { invoice } from '../support/invoices.ts';
import { type OpenServices, openServices } from '../support/open-services.ts';
import { REPLAY_JOB } from '../support/replay-app.ts';
import { asOperator, countCopies, inboxSize, resumeKilled, runUntilKilled } from '../support/replay-scene.ts';
import { freshName } from '../support/scenario.ts';
import { twoOperators } from '../support/two-operators.ts';
import { type Ran, windowApp } from '../support/window-app.ts';

const OWN = 400;
const why = ['--reason', 'the rule was wrong'] as const;

/** Writes events, each fifth of a type that nobody listens to. */
const writeEvents = async (
  app: AppDefinition,
  { backend }: OpenServices,
  first: number,
  count: number,
): Promise<void> => {
  const producer = await backend.broker.createProducer();
  const write = async (id: string, eventType: string): Promise<void> => {
    const context = { eventId: id, eventType, source: 'billing', tenant: 'acme', correlationId: id };
    await producer.send({
      ...{ topic: `${app.name}.events`, key: Buffer.from(id), headers: contextHeaders(context) },
      value: await backend.serde.encode(InvoicePaid, invoice(id)),
    });
  };
  await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      await write(`e-${first + index}`, InvoicePaid.name);
      if (index % 4 === 0) await write(`refund-${first + index}`, 'billing.Refunded');
    }),
  );
  await producer.close();
};

/** Where the groups of both job types are, by topic partition. */
const liveOffsets = async (app: AppDefinition, { backend }: OpenServices) => {
  const offsets: string[] = [];
  for (const { type } of app.jobs)
    for (const { partition, offset } of await backend.broker.admin.committedOffsets(
      names.jobGroup(app.name, type),
      `${app.name}.events`,
    ))
      offsets.push(`${type} ${partition} ${offset}`);
  return offsets.toSorted();
};

/** Both job types have come to the end of the topic, as after a deploy that ran with a wrong rule. */
const passAll = async (app: AppDefinition, { backend }: OpenServices): Promise<void> => {
  const { admin } = backend.broker;
  const ranges = await admin.offsetRanges(`${app.name}.events`);
  for (const { type } of app.jobs)
    await admin.setCommittedOffsets(
      names.jobGroup(app.name, type),
      ranges.map(({ topic, partition, high }) => ({ topic, partition, offset: high, metadata: '' })),
    );
};

// Promise: what an event topic held is run again for one job type, each record once though the run is killed by SIGKILL,
// and none outside the window; live offsets and other job types are not touched; what is done runs again only by force,
// to which another person has agreed; nothing of it is done that was not audited first.
test('a window is run again for one job type, killed and resumed, and what is done only by force', async () => {
  const ran: Ran[] = [];
  const archived: string[] = [];
  const ns = freshName('window');
  const { app } = windowApp(ns, ran, archived);
  process.env['WINDOW_NS'] = ns;
  const environment = {
    ...process.env,
    ESTEIRA_APP: 'test/support/window-command-app.ts',
    LOG_LEVEL: 'silent',
  };
  const { ana, bea } = twoOperators(environment);
  const services = await openServices(app);
  const { admin } = services.backend.broker;
  try {
    await applyTopics(app, admin, {});
    await writeEvents(app, services, 0, OWN);
    await passAll(app, services);
    const live = await liveOffsets(app, services);
    const plan = ['window', 'plan', '--job-type', REPLAY_JOB, ...why] as const;

    await admin.alterTopicConfig(`${ns}.audit`, { 'max.message.bytes': '10' });
    const refused = await ana.esteira(...plan, '--last', '1h');
    expect(refused).toMatchObject({ code: 3, err: expect.stringContaining('ESTEIRA_AUDIT_UNAVAILABLE') });
    await applyTopics(app, admin, {});
    expect((await ana.json('replay', 'list')).plans).toEqual([]);

    const { planId } = await ana.json(...plan, '--last', '1h');
    const { review } = await ana.json('replay', 'review', planId);
    expect(review).toMatchObject([
      { verdict: 'replay', count: OWN },
      { verdict: 'other', count: OWN / 4 },
    ]);
    await writeEvents(app, services, OWN, 40);
    await runUntilKilled(app, services, { planId, rate: 200, atRecords: 120, of: 'window' });
    expect(await inboxSize(app, services)).toBeLessThan(OWN);
    const result = await resumeKilled(app, services, planId);
    expect(result).toMatchObject({ state: 'finished', counts: { replayed: OWN, other: OWN / 4 } });
    const file = await asOperator(app, services, 'ana', ({ control }) => readPlanFile(control, planId));
    expect(await countCopies(app, file)).toEqual({
      ...{ letters: OWN + 40 + OWN / 4 + 10, records: OWN, replayed: OWN, repeated: 0 },
      ...{ strangers: 0, outsideThePlan: 0, differ: 0 },
    });
    expect(await liveOffsets(app, services)).toEqual(live);

    await passAll(app, services);
    const esteira = await start(app, { environment, backend: services.backend });
    await esteira.idle({ timeoutMs: 30_000 });
    expect(ran.map(({ id }) => id).toSorted()).toEqual(
      Array.from({ length: OWN }, (_, index) => `e-${index}`).toSorted(),
    );
    expect(archived).toEqual([]);

    const part = ['--from-offset', '0:0', '--to-offset', '0:10'] as const;
    const again = await ana.json(...plan, ...part);
    const skipped = await ana.json('replay', 'run', again.planId, ...why);
    const { done } = skipped.counts;
    expect(skipped).toMatchObject({ counts: { replayed: 0, done: expect.any(Number) } });
    expect(done).toBeGreaterThan(0);

    const forced = await ana.json(...plan, ...part, '--force');
    expect(await ana.esteira('replay', 'run', forced.planId, ...why)).toMatchObject({ code: 3 });
    await bea.json('replay', 'approve', forced.planId, ...why);
    const run = await ana.json('replay', 'run', forced.planId, ...why);
    expect(run).toMatchObject({ state: 'finished', counts: { forced: done, done: 0 } });
    await esteira.idle({ timeoutMs: 30_000 });
    await esteira.stop();
    expect(ran).toHaveLength(OWN + done);
    expect(new Set(ran.slice(OWN).map(({ id }) => id)).size).toBe(done);
    expect(ran.slice(OWN).every(({ key }) => key.startsWith(`forced/${forced.planId}/`))).toBe(true);
  } finally {
    await services.close();
  }
});
