import { expect, test } from 'vitest';
import { AuditRecord } from '../../src/core/generated/audit-record.ts';
import { invoice } from '../support/invoices.ts';
import { operatorOf } from '../support/operator.ts';
import { freshName, readTopic, type Scenario, startScenario } from '../support/scenario.ts';
import { waitFor } from '../support/wait.ts';

const ns = freshName('hold');
process.env['HOLD_NS'] = ns;
const { default: app, effects, paid } = await import('../support/hold-app.ts');

const publish = async ({ esteira }: Scenario, ...ids: readonly string[]): Promise<void> => {
  for (const id of ids)
    await esteira.publish(paid, invoice(id, { currency: id.slice(0, 1) }), { tenant: 'acme', id });
};

/** Dead letters in the order of the topic: the event they are of, and why they are dead. */
const deadLetters = async ({ services }: Scenario) =>
  (await readTopic(services, `${ns}.dlq.post`)).map(({ headers }) => {
    const text = (name: string) => headers.find(([one]) => one === name)?.[1]?.toString();
    return [text('ce_id'), text('job-dead-reason')];
  });

const untilDead = (scenario: Scenario, count: number) =>
  waitFor(`${count} dead letters`, async () => (await deadLetters(scenario)).length === count, {
    ...{ timeoutMs: 20_000, everyMs: 100 },
  });

// Promise: under `afterDead: 'hold'` what follows a dead record of its key dies behind it, in order, and nothing of the
// key runs until a human lifts the hold; other keys go on.
test('a key that is held lets nothing run until an operator lifts it, and then goes on in order', async () => {
  const scenario = await startScenario(app);
  const { esteira, json } = operatorOf({
    ...process.env,
    ...{ ESTEIRA_APP: 'test/support/hold-app.ts', LOG_LEVEL: 'silent' },
  });
  try {
    await publish(scenario, 'a1', 'b1', 'a2', 'b2', 'a3');
    await untilDead(scenario, 3);
    // Also what comes later, when all before it has ended.
    await publish(scenario, 'a4', 'b3');
    await untilDead(scenario, 4);
    expect(await deadLetters(scenario)).toEqual([
      ['a1', 'unrecoverable'],
      ['a2', 'behind_dead_letter'],
      ['a3', 'behind_dead_letter'],
      ['a4', 'behind_dead_letter'],
    ]);
    await waitFor('the other key to go on', () => effects.length === 3);
    expect(effects).toEqual(['b1', 'b2', 'b3']);

    expect((await json('keys', 'list', 'post')).keys).toMatchObject([{ tenant: 'acme', key: 'a', held: 4 }]);
    const lift = [
      'keys',
      'unblock',
      'post',
      '--tenant',
      'acme',
      '--key',
      'a',
      '--actor',
      'ana',
      '--reason',
      'ok',
    ];
    expect((await esteira(...lift)).out).toContain('Nothing was changed: add --run');
    expect((await json(...lift, '--run')).changes).toMatchObject([{ outcome: 'lifted' }]);

    await publish(scenario, 'a5', 'a6', 'a7');
    await waitFor('the key to go on', () => effects.length === 6, { timeoutMs: 20_000 });
    expect(effects.slice(3)).toEqual(['a5', 'a6', 'a7']);
    expect(await deadLetters(scenario)).toHaveLength(4);
    expect((await json('keys', 'list', 'post')).keys).toEqual([]);
    expect(await audited(scenario)).toContainEqual(['keys.unblock', 'ana', 'acme']);
  } finally {
    await scenario.close();
  }
});

const audited = async ({ services }: Scenario) => {
  const found: string[][] = [];
  for (const { value } of await readTopic(services, `${ns}.audit`)) {
    const decoded = await services.backend.serde.decode(AuditRecord, value);
    if (decoded.ok) found.push([decoded.value.action, decoded.value.actor, decoded.value.tenantId]);
  }
  return found;
};
