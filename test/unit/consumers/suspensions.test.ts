import { expect, test } from 'vitest';
import { Suspensions } from '../../../src/consumers/suspensions.ts';

const down = (tenant: string, nowMs: number, changes: { dependency?: string; askedMs?: number } = {}) => ({
  ...{ tenant, nowMs, dependency: 'mail', askedMs: undefined },
  ...changes,
});
const job = {};
const other = {};

test('a dependency that is down for a tenant stops that tenant, and nobody else', () => {
  const book = new Suspensions();
  expect(book.admit('acme', job, 0)).toBe('go');
  expect(book.down(down('acme', 100))).toMatchObject({
    isNew: true,
    suspension: { tenant: 'acme', untilMs: 1_100 },
  });
  expect(book.admit('acme', job, 200)).toMatchObject({ notBeforeMs: 1_100 });
  expect(book.admit('globex', other, 200)).toBe('go');
});

test('when the pause is over one job tries, and the others wait for what becomes of it', () => {
  const book = new Suspensions();
  book.down(down('acme', 0));
  expect(book.admit('acme', job, 1_000)).toBe('try');
  expect(book.admit('acme', job, 1_000)).toBe('try');
  expect(book.admit('acme', other, 1_000)).toMatchObject({ notBeforeMs: 1_200 });
  expect(book.up('acme')).toMatchObject([{ tenant: 'acme', dependency: 'mail' }]);
  expect(book.admit('acme', other, 1_001)).toBe('go');
  expect(book.up('acme')).toEqual([]);
});

test('each failed try doubles the pause up to a minute; the other side may ask for more', () => {
  const book = new Suspensions();
  const pauses: number[] = [];
  let nowMs = 0;
  for (let tries = 0; tries < 8; tries += 1) {
    const { untilMs } = book.down(down('acme', nowMs)).suspension;
    pauses.push(untilMs - nowMs);
    nowMs = untilMs;
  }
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  expect(book.down(down('acme', nowMs, { askedMs: 300_000 })).suspension.untilMs).toBe(nowMs + 300_000);
});

test('failures of jobs that were running already do not lengthen the pause', () => {
  const book = new Suspensions();
  book.down(down('acme', 0));
  expect(book.down(down('acme', 500))).toMatchObject({ isNew: false, suspension: { untilMs: 1_000 } });
});

test('the third tenant that one dependency fails for suspends all, and one success lets all go on', () => {
  const book = new Suspensions();
  book.down(down('a', 0));
  book.down(down('b', 0));
  book.down(down('x', 0, { dependency: 'maps' }));
  expect(book.admit('d', job, 10)).toBe('go');
  expect(book.down(down('c', 10))).toMatchObject({ isNew: true, suspension: { tenant: undefined } });
  expect(book.admit('d', job, 20)).toMatchObject({ suspension: { dependency: 'mail' } });
  expect(book.admit('d', job, 1_010)).toBe('try');
  expect(book.up('d')).toMatchObject([{ tenant: undefined, dependency: 'mail' }]);
  expect(book.admit('a', job, 1_020)).toBe('go');
  expect(book.list()).toMatchObject([{ tenant: 'x', dependency: 'maps' }]);
});

test('a try that goes away without an answer lets another try', () => {
  const book = new Suspensions();
  book.down(down('acme', 0));
  expect(book.admit('acme', job, 1_000)).toBe('try');
  book.gone(job);
  expect(book.admit('acme', other, 1_000)).toBe('try');
});
