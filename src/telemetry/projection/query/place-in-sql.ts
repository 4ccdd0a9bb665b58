/** A place in a text, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** The place of a byte of the text. */
export const placeOfByte = (sql: string, byte: number): Place => {
  const before = Buffer.from(sql).subarray(0, byte).toString('utf8').split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
};

/** DuckDB shows the line, shortened where it is long, and a caret below the place. */
const SHOWN = /^LINE (\d+): (.*)\n( *)\^/m;
const CUT = '...';

/** Takes what an error shows of the place out of its text. */
export const placeInError = (
  sql: string,
  message: string,
): { readonly says: string; readonly place?: Place } => {
  const found = SHOWN.exec(message);
  if (found === null) return { says: message.trim() };
  const [whole, number = '1', shown = '', margin = ''] = found;
  const isCut = shown.startsWith(CUT);
  const fragment = shown.slice(isCut ? CUT.length : 0).replace(/\.\.\.$/, '');
  const line = sql.split('\n')[Number(number) - 1] ?? '';
  const start = isCut ? Math.max(0, line.indexOf(fragment)) : 0;
  const caret = margin.length - `LINE ${number}: `.length - (isCut ? CUT.length : 0);
  return {
    says: message.replace(whole, '').trim(),
    place: { line: Number(number), column: start + Math.max(0, caret) + 1 },
  };
};
