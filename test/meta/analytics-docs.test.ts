import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { VIEWS } from '../../src/telemetry/projection/views.ts';
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
