import { beforeEach, expect, it } from 'vitest';
import { listReplays } from '../../../../src/runtime/replay/index.ts';
import { type LetterShop, makeLetterShop } from './letter-shop.ts';

let shop: LetterShop;
beforeEach(async () => {
  shop = await makeLetterShop();
  return () => shop.broker.close();
});

const DLQ = 'shop.dlq.send-receipt';
const SIGNED = { v: 1, atMs: 1, actor: 'x', reason: 'y', auditId: 'z' };
const DEED = { deed: 'discard', state: 'done', selection: 's', total: 1, chunks: 1 };
const PLAN = {
  ...{ selection: 's', topics: [{ topic: DLQ, jobType: 'send-receipt', ends: [] }], total: 1, chunks: 1 },
  ...{ counts: { jobType: {}, reason: {}, fingerprint: {}, tenant: {}, schema: {} }, refused: [] },
  ...{ maxReplays: 3, approveAbove: 1_000 },
};
const BATCH = {
  v: 1,
  kind: 'replay.batch',
  atMs: 1,
  fence: '1',
  chunk: 0,
  from: 0,
  to: 1,
  inboxes: [{ topic: 'i', ends: [] }],
};
const LOCK = {
  v: 1,
  kind: 'replay.lock',
  planId: 'p',
  runner: 'evil',
  actor: 'e',
  host: 'h',
  leaseMs: 1,
  over: [],
};

// One record that somebody wrote by hand ended every command about dead letters with a bare SyntaxError.
it.each([
  ['letters/d1/positions/0000', { v: 1, kind: 'letters.positions', offsets: '!!' }],
  ['letters/d1/positions/0000', { v: 1, kind: 'letters.positions', offsets: '0~ffffffff' }],
  ['letters/edit/x', { ...SIGNED, kind: 'letters.edit', state: 'begun', end: 'xyz' }],
  ['replay/p1/positions/0000', { v: 1, kind: 'replay.positions', topic: 0, offsets: 'z-?' }],
  ['replay/p1/batch/0000', { ...BATCH, results: 'd~zz' }],
  ['replay/p1/batch/0000', { ...BATCH, results: 'r0.0.???' }],
  [`replay-lock/${DLQ}/evil`, { ...LOCK, since: 'abc' }],
])('passes over what is no such value under %s (%#)', async (subject, value) => {
  const at = await shop.die();
  await shop.parts.control.append([
    { subject: 'letters/d1/deed', value: { ...SIGNED, kind: 'letters.deed', ...DEED } },
    { subject: 'replay/p1/plan', value: { ...SIGNED, kind: 'replay.plan', ...PLAN } },
    {
      subject: 'replay/p1/positions/0000',
      value: { v: 1, kind: 'replay.positions', topic: 0, partition: 0, count: 1, offsets: '1' },
    },
    {
      subject,
      value: { partition: 0, topic: DLQ, count: 1, of: `${DLQ}/0/0`, before: '', after: '', ...value },
    },
  ]);
  expect(await shop.stateOf(at)).toBe('open');
  await listReplays(shop.parts);
  expect(await shop.doTo('discard', [at])).toMatchObject({ outcome: 'done', letters: 1 });
});
