import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AppDefinition } from '../../src/core/app.ts';
import { parseEnvelope } from '../../src/core/envelope.ts';
import { isEsteiraError } from '../../src/core/errors.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import { formatPosition, parsePosition, type RecordPosition } from '../../src/core/record.ts';
import {
  doToLetters,
  type EditResult,
  editLetter,
  exportLetters,
  readLetterLedger,
} from '../../src/runtime/letters/index.ts';
import { type ReplayParts, withReplay } from '../../src/runtime/replay/index.ts';
import { EDIT_POLICY, REPLAY_JOB, replayApp } from '../support/replay-app.ts';
import { writeLetters } from '../support/replay-letters.ts';
import { freshName, type Scenario, startScenario } from '../support/scenario.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';
import { startWorkerProcess } from '../support/worker-process.ts';

const reason = 'the number was wrong';
const change = { sets: [{ path: 'invoiceId', value: 'mended' }] };

/** Ana at a terminal of hers. */
const asAna = <T>(
  app: AppDefinition,
  { services }: Scenario,
  work: (parts: ReplayParts) => Promise<T>,
): Promise<T> =>
  withReplay(
    {
      ...{ app, backend: services.backend, log: silentLog, policy: EDIT_POLICY },
      ...{
        service: { service: 'it', host: 'here' },
        operator: { name: 'ana', roles: ['operator', 'approver'] },
      },
    },
    work,
  );

/** Edits a letter in a process that is killed as soon as a record stands on this topic. */
const editUntilKilled = async (app: AppDefinition, position: string, dieAt: string): Promise<void> => {
  const logFile = join(temporaryFolder('edit'), 'editor.log');
  const editor = await startWorkerProcess({
    program: 'test/support/edit-runner.ts',
    env: { EDIT_NS: app.name, EDIT_POSITION: position, EDIT_DIE_AT: dieAt },
    logFile,
  });
  await waitFor(`the editor to die (see ${logFile})`, () => !editor.isAlive(), { timeoutMs: 30_000 });
};

/** Asks for the same edit until the claim of the killed process has ended. */
const editAgain = async (
  app: AppDefinition,
  scenario: Scenario,
  position: RecordPosition,
): Promise<EditResult> => {
  const found: EditResult[] = [];
  await waitFor(
    'the claim of the killed editor to end',
    async () => {
      try {
        const request = { position, change, reason, run: true };
        found.push(await asAna(app, scenario, (parts) => editLetter(parts, request)));
        return true;
      } catch (error) {
        if (isEsteiraError(error, 'ESTEIRA_REPLAY_REFUSED')) return false;
        throw error;
      }
    },
    { timeoutMs: 30_000, everyMs: 300 },
  );
  const [result] = found;
  if (result === undefined) throw new Error('nothing was edited');
  return result;
};

// Promise: an edit whose process is killed after it wrote, and before its ledger says so, writes no second copy when it is
// asked for again; its job runs once, with the mended payload.
test('an edit that is killed between writing and its ledger leaves one edited letter, one copy, one run', async () => {
  const ran: string[] = [];
  const app = replayApp(freshName('edit'), (paymentId) => ran.push(paymentId));
  const scenario = await startScenario(app);
  const dlq = `${app.name}.dlq.${REPLAY_JOB}`;
  const inbox = `${app.name}.job.${REPLAY_JOB}`;
  try {
    const { backend } = scenario.services;
    await writeLetters(backend, app.name, 2, { isBad: () => true });
    const letters = (await scenario.records(dlq)).map((letter) => formatPosition(letter));
    const [first = '', other = ''] = letters;

    // Without its audit nothing is done.
    const { admin } = backend.broker;
    await admin.alterTopicConfig(`${app.name}.audit`, { 'max.message.bytes': '10' });
    const position = parsePosition(other) ?? { topic: dlq, partition: 0, offset: 0n };
    const selection = { positions: [position] };
    const attempts: readonly ((parts: ReplayParts) => Promise<unknown>)[] = [
      (parts) => editLetter(parts, { position, change, reason, run: true }),
      (parts) => doToLetters(parts, { deed: 'discard', selection, reason, run: true }),
      (parts) => exportLetters(parts, { unredactedBecause: reason }).next(),
    ];
    for (const attempt of attempts)
      await expect(asAna(app, scenario, attempt)).rejects.toMatchObject({
        code: 'ESTEIRA_AUDIT_UNAVAILABLE',
      });
    await admin.alterTopicConfig(`${app.name}.audit`, { 'max.message.bytes': '1048588' });
    expect(await scenario.records(dlq)).toHaveLength(2);

    await editUntilKilled(app, first, dlq);
    const at = parsePosition(first);
    if (at === undefined) throw new Error(`${first} is no position`);
    const { edited, replay } = await editAgain(app, scenario, at);
    expect(replay?.outcome).toBe('replayed');
    const ofFirst = async (topic: string) =>
      (await scenario.records(topic)).filter(
        ({ headers }) => parseEnvelope(headers, true).job?.editOf === first,
      );
    const [letter, anotherLetter] = await ofFirst(dlq);
    const [copy, anotherCopy] = await ofFirst(inbox);
    expect([anotherLetter, anotherCopy]).toEqual([undefined, undefined]);
    expect([letter && formatPosition(letter), copy && formatPosition(copy)]).toEqual([edited, replay?.inbox]);
    expect(copy?.value).toEqual(letter?.value);

    await waitFor('it to run', () => ran.length >= 1, { timeoutMs: 30_000 });
    await scenario.esteira.idle({ timeoutMs: 30_000 });
    expect(ran).toHaveLength(1);
    const ledger = await asAna(app, scenario, (parts) => readLetterLedger(parts.control));
    expect([first, other].map((text) => ledger.editOf(text)?.state)).toEqual(['done', undefined]);
  } finally {
    await scenario.close();
  }
});
