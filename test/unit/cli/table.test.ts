import { expect, test } from 'vitest';
import { type Column, renderTable } from '../../../src/cli/table.ts';
import type { Terminal } from '../../../src/cli/terminal.ts';

interface Row {
  readonly position: string;
  readonly error: string | null;
  readonly note: string;
}

const columns: readonly Column<Row>[] = [
  { title: 'POSITION', cell: ({ position }) => position, cuttable: false },
  { title: 'ERROR', cell: ({ error }) => error },
  { title: 'NOTE', cell: ({ note }) => note },
];
const rows: readonly Row[] = [
  { position: 'shop.dlq.send-receipt/0/17', error: null, note: 'a long note that says a lot of things' },
  { position: 'shop.dlq.send-receipt/0/18', error: null, note: 'short' },
];
const at = (width: number | undefined): Terminal => ({
  ...{ out: () => undefined, err: () => undefined, columns: width, hasColours: false, cwd: '.' },
  ...{ environment: {}, readInput: async () => '' },
});
const linesAt = (width: number | undefined, shown = rows): readonly string[] =>
  renderTable(at(width), columns, shown).split('\n');

test('into a pipe a table is whole', () => {
  expect(linesAt(undefined)).toEqual([
    'POSITION                    ERROR  NOTE',
    'shop.dlq.send-receipt/0/17  -      a long note that says a lot of things',
    'shop.dlq.send-receipt/0/18  -      short',
  ]);
});

test('on a screen the widest cells are cut', () => {
  expect(linesAt(50)).toEqual([
    'POSITION                    ERROR  NOTE',
    'shop.dlq.send-receipt/0/17  -      a long note th…',
    'shop.dlq.send-receipt/0/18  -      short',
  ]);
});

test('where that is not enough, columns that say nothing are left out', () => {
  expect(linesAt(38)).toEqual([
    'POSITION                    NOTE',
    'shop.dlq.send-receipt/0/17  a long no…',
    'shop.dlq.send-receipt/0/18  short',
  ]);
});

test('where no table fits, rows stand as blocks, and what must not be cut is not', () => {
  expect(linesAt(30)).toEqual([
    'POSITION  shop.dlq.send-receipt/0/17',
    'NOTE      a long note that sa…',
    '',
    'POSITION  shop.dlq.send-receipt/0/18',
    'NOTE      short',
  ]);
});

test('no width makes a table of no rows fail', () => {
  for (const width of [1, 10, 80, undefined]) expect(linesAt(width, [])[0]).toMatch(/^(POSITION|$)/);
});
