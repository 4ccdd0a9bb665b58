import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { contextHeaders, withJobHeaders } from '../../src/core/envelope.ts';
import { DEAD_REASONS } from '../../src/core/outcome.ts';
import { ROOT } from '../support/source-files.ts';

const page = readFileSync(join(ROOT, 'docs/reference/wire.md'), 'utf8');

test('the wire contract names every header that is written', () => {
  const context = contextHeaders({
    ...{ eventId: 'e', eventType: 't', source: 's', eventTimeMs: 0, tenant: 'a', correlationId: 'c' },
    ...{ causationId: 'k', userId: 'u', traceparent: 'p', contentType: 'x' },
  });
  const job = withJobHeaders([], {
    ...{
      id: 'i',
      type: 't',
      attempt: 1,
      starts: 0,
      hop: 0,
      dueMs: 1,
      target: 'x',
      orderKey: 'o',
      priority: 5,
    },
    ...{
      origin: 'a/0/0',
      place: 'a/0/0',
      isPaused: true,
      firstFailedAtMs: 1,
      deadReason: 'r',
      replayId: 'i',
      replayOf: 'a/0/0',
      replayTurn: '1/1',
      replayCount: 1,
      editOf: 'a/0/0',
      forcedBy: 'i',
      diedIn: 'p',
    },
    error: { code: 'c', class: 'c', message: 'm', fingerprint: 'f' },
  });
  const missing = [...context, ...job].map(([name]) => name).filter((name) => !page.includes(`\`${name}\``));
  expect(missing).toEqual([]);
  expect(job).toHaveLength([...page.matchAll(/`job-[a-z-]+`/g)].length - 1);
});

test('the wire contract names every dead reason', () => {
  expect(DEAD_REASONS.filter((reason) => !page.includes(`\`${reason}\``))).toEqual([]);
});
