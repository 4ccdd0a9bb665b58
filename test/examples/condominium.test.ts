import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { failFirst } from '../../examples/condominium/adapters/trouble.ts';
import { checksOf, EXPECTED_ENDS, type Outcome } from '../../examples/condominium/demo/outcome.ts';
import { createTally } from '../../examples/condominium/demo/tally.ts';
import { createDependencies } from '../../examples/condominium/dependencies.ts';
import { checkDunning } from '../../examples/condominium/use-cases/check-dunning.ts';
import { cleanUpEmbeddings } from '../../examples/condominium/use-cases/clean-up-embeddings.ts';
import { revokeAccess } from '../../examples/condominium/use-cases/revoke-access.ts';
import { inReais } from '../../examples/condominium/use-cases/send-receipt.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LONGEST_MS = 60_000;

describe('the demo in memory', () => {
  let output = '';
  let tookMs = 0;

  beforeAll(async () => {
    const startedAt = performance.now();
    // Rejects unless the demo ends with 0: it checks its own counts.
    const run = promisify(execFile)(process.execPath, ['--import', 'tsx', 'examples/condominium/demo.ts'], {
      cwd: ROOT,
      timeout: LONGEST_MS,
      env: { PATH: process.env['PATH'] },
    });
    output = (await run).stdout;
    tookMs = performance.now() - startedAt;
  }, LONGEST_MS);

  const lines = (what: string, rest = ''): readonly string[] =>
    output.split('\n').filter((line) => line.includes(`  ${what} `) && line.includes(rest));

  it('ends with every count as it must be, in under 20 s', () => {
    expect(output).toContain('All as it must be');
    expect(output).not.toContain('WRONG');
    expect(tookMs).toBeLessThan(20_000);
  });

  it('shows one event that triggers three jobs one of them delayed', () => {
    const ofPayment = output.split('\n').filter((line) => / {2}completed .* pay-301 /.test(line));
    expect(ofPayment.map((line) => line.trim().split(/\s{2,}/)[2]).sort()).toEqual([
      'schedule-dunning-check',
      'send-receipt',
      'update-ledger',
    ]);
    expect(lines('waits', 'pay-301')).toHaveLength(1);
  });

  it('shows failures that work later, a provider that is down and comes back, and five dead letters', () => {
    expect(lines('failed', 'HTTP_409')).toHaveLength(1);
    expect(lines('failed', 'pay-101: HTTP_500')).toHaveLength(2);
    // The mail service is down: starts stop, no attempt is spent, and they go on when it is there again.
    expect(lines('suspended').length).toBeGreaterThanOrEqual(1);
    expect(lines('resumed').length).toBeGreaterThanOrEqual(1);
    expect(lines('failed', 'HTTP_503')).toEqual([]);
    expect(lines('breaker', 'open').length).toBeGreaterThanOrEqual(1);
    expect(lines('breaker', 'closed').length).toBeGreaterThanOrEqual(1);
    expect(lines('DEAD')).toHaveLength(5);
    expect(lines('refused', 'ESTEIRA_')).toHaveLength(3);
  });

  it('tells no secret and no path of the machine', () => {
    expect(output).not.toContain('8842');
    expect(output).not.toContain(ROOT);
  });

  it('takes no argument it does not know', async () => {
    const asked = promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', 'examples/condominium/demo.ts', '--kafak'],
      { cwd: ROOT, timeout: LONGEST_MS, env: { PATH: process.env['PATH'] } },
    );
    await expect(asked).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('--kafak') });
  });

  it('fits a terminal of 160 columns', () => {
    const widest = output.split('\n').filter((line) => /^ *\d+\.\d{3} /.test(line) && line.length > 160);
    expect(widest).toEqual([]);
  });
});

describe('the checks of the demo', () => {
  it('find fault when nothing has happened', () => {
    const dependencies = createDependencies();
    const outcome: Outcome = {
      told: { published: 0, foreign: 0, dispatched: 0, refused: 0 },
      tally: createTally(),
      dependencies,
      mail: {
        url: '',
        delivered: new Map(),
        turnedDown: 0,
        setUp: () => undefined,
        close: async () => undefined,
      },
      mark: (id) => id,
      deadLetterRecords: 0,
      failureEvents: 0,
    };
    expect(checksOf(outcome).filter(({ holds }) => holds)).toEqual([]);
    expect(EXPECTED_ENDS).toBe(39);
    dependencies.mail.close();
  });
});

describe('the use cases, without any job', () => {
  it('refuse for good to lock out a condominium under legal hold', async () => {
    const { access, mail } = createDependencies({ underLegalHold: ['aurora'] });
    await expect(revokeAccess(access)('aurora')).rejects.toMatchObject({ name: 'UnrecoverableError' });
    await revokeAccess(access)('torre');
    expect([...access.revoked]).toEqual(['torre']);
    mail.close();
  });

  it('close a reminder once', async () => {
    const { reminders, mail } = createDependencies();
    const check = { tenant: 'aurora', invoiceId: 'inv-1' };
    await checkDunning(reminders)(check);
    await checkDunning(reminders)(check);
    expect([...reminders.closed]).toEqual(['aurora/inv-1']);
    mail.close();
  });

  it('never remove younger vectors than the policy allows', async () => {
    const asked: number[] = [];
    const index = {
      put: async () => undefined,
      removeOlderThan: async (_tenant: string, days: number) => asked.push(days),
    };
    await cleanUpEmbeddings(index)('aurora', 1);
    await cleanUpEmbeddings(index)('aurora', 90);
    expect(asked).toEqual([30, 90]);
  });

  it('write amounts as people do', () => {
    expect([45_000, 5, 123_456].map(inReais)).toEqual(['R$ 450,00', 'R$ 0,05', 'R$ 1234,56']);
  });
});

describe('the ledger, as an example of a sink', () => {
  it('keeps one entry for each payment and refuses an older fence', async () => {
    const { ledger, mail } = createDependencies();
    const entry = { tenant: 'aurora', paymentId: 'p', amountCents: 1 };
    await ledger.post(entry, 2);
    await ledger.post(entry, 3);
    await expect(ledger.post(entry, 1)).rejects.toThrow('newer run');
    await expect(ledger.post({ ...entry, amountCents: 2 }, 4)).rejects.toMatchObject({
      name: 'IntegrityError',
    });
    expect([ledger.entries.length, ledger.postings]).toEqual([1, 2]);
    mail.close();
  });

  it('fails as often as planned', async () => {
    const trouble = failFirst({ p: 2 }, (key) => new Error(key));
    expect(() => trouble('p')).toThrow('p');
    expect(() => trouble('p')).toThrow('p');
    expect(() => [trouble('p'), trouble('q')]).not.toThrow();
  });
});
