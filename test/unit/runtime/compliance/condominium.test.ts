import { expect, onTestFinished, test } from 'vitest';
import { createApp } from '../../../../examples/condominium/app.ts';
import { createDependencies } from '../../../../examples/condominium/dependencies.ts';
import { checkCompliance } from '../../../../src/runtime/compliance/index.ts';

const LIMIT_MS = 90_000;

test(
  'the condominium example breaks no line, and what is not proved of it is known',
  async () => {
    const dependencies = createDependencies({ mailUrl: 'http://mail.invalid/' });
    onTestFinished(() => dependencies.mail.close());
    const { jobs, counts } = await checkCompliance(createApp(dependencies), {
      runHandlers: true,
      environment: {},
    });
    expect(counts.breach).toBe(0);
    const open = jobs.flatMap(({ type, findings }) =>
      findings.filter(({ verdict }) => verdict === 'unproved').map(({ line }) => `${type}: ${line}`),
    );
    // Their adapters are in memory: nobody sees from outside whether an effect came twice.
    expect(open).toEqual([
      'provision-tenant: crash-safe',
      'update-ledger: crash-safe',
      'schedule-dunning-check: crash-safe',
      'embed-documents: crash-safe',
      'cleanup-expired-embeddings: crash-safe',
      'revoke-access: crash-safe',
    ]);
    const receipt = jobs
      .find(({ type }) => type === 'send-receipt')
      ?.findings.map(({ line, says }) => [line, says]);
    expect(Object.fromEntries(receipt ?? [])).toMatchObject({
      adapters: 'it reached outside only through mail',
      'crash-safe': expect.stringContaining('asked mail for the same effect under the same key'),
      'provider-breaker': expect.stringContaining('the breaker opened'),
    });
  },
  LIMIT_MS,
);
