import { expect, test } from 'vitest';
import { csvLine } from '../../../src/cli/query-view.ts';

test('a line of CSV quotes what would break it, and tells null from an empty text', () => {
  expect(csvLine(['a', 'b,c', 'd"e', 'f\ng', '', null, 1.5, true, { k: 1 }, [1, 2]])).toBe(
    'a,"b,c","d""e","f\ng","",,1.5,true,"{""k"":1}","[1,2]"',
  );
});
