import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { UndecodableCode } from '../../src/core/ports/serde.ts';
import { openProjectionStore } from '../../src/telemetry/projection/store.ts';
import { VIEWS } from '../../src/telemetry/projection/views.ts';
import { ask } from '../support/analytics/ask.ts';
import { ROOT } from '../support/source-files.ts';

const guide = await readFile(join(ROOT, 'docs/guides/analytics.md'), 'utf8');

const chapters = guide.slice(guide.indexOf('\n## Views\n')).split('\n### ').slice(1);

it('the guide has a chapter for each view, in their order, and no other', () => {
  expect(chapters.map((chapter) => chapter.split('\n')[0])).toEqual(VIEWS.map(({ name }) => `\`${name}\``));
});

it.each(VIEWS.map((view) => [view.name, view] as const))(
  'the guide says of %s what the code says, column by column',
  (name, { meaning, columns }) => {
    const chapter = chapters.find((one) => one.startsWith(`\`${name}\``)) ?? '';
    const rows = Object.entries(columns).map(
      ([column, says]) => `| \`${column}\` | ${says.replaceAll('|', '\\|')} |`,
    );
    expect(chapter.split('\n').filter((line) => line.startsWith('| `'))).toEqual(rows);
    expect(chapter).toContain(`\n${meaning}\n`);
  },
);

/** Complete: a code that is new does not compile until it is named here. */
const UNDECODABLE: Readonly<Record<UndecodableCode, true>> = {
  ...{ TOMBSTONE: true, BAD_MAGIC_BYTE: true, FRAME_TOO_SHORT: true, SCHEMA_ID_UNKNOWN: true },
  ...{ SCHEMA_MISMATCH: true, BODY_MALFORMED: true, TYPE_UNKNOWN: true },
};

it('the guide has the table of what could not be read, column by column, and every code', async () => {
  const chapter = guide.split('\n## ').find((one) => one.startsWith('What could not be read')) ?? '';
  const store = await openProjectionStore(':memory:');
  const { rows } = await ask(store, 'DESCRIBE projection_problems');
  await store.close();
  const firsts = chapter.split('\n').flatMap((line) => /^\| (`.*?`) \|/.exec(line)?.[1] ?? []);
  expect(firsts.slice(0, rows.length)).toEqual(rows.map((row) => `\`${row['column_name']}\``));
  const codes = firsts.slice(rows.length).flatMap((cell) => cell.replaceAll('`', '').split(', '));
  expect(codes.sort()).toEqual([...Object.keys(UNDECODABLE), 'VALUE_UNFIT', 'LOST'].sort());
});
