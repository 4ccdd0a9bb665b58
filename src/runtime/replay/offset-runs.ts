/**
 * Ascending offsets as a short text: the gap to the one before in hexadecimal, and `~` with a length where several
 * follow each other. 5,000 in a row are seven signs, and scattered ones cost two or three each.
 */
export const packOffsets = (offsets: readonly bigint[]): string => {
  const runs: string[] = [];
  let end = 0n;
  for (let at = 0; at < offsets.length; ) {
    const first = offsets[at] ?? 0n;
    let length = 1;
    while (offsets[at + length] === first + BigInt(length)) length += 1;
    const gap = (first - end).toString(16);
    runs.push(length === 1 ? gap : `${gap}~${length.toString(16)}`);
    end = first + BigInt(length);
    at += length;
  }
  return runs.join(' ');
};

/** As {@link packOffsets} writes so many offsets in a row, without counting them out. */
export const packOffsetRange = (from: bigint, count: number): string =>
  count === 1 ? from.toString(16) : `${from.toString(16)}~${count.toString(16)}`;

const RUN = /^([0-9a-f]{1,16})(?:~([0-9a-f]{1,8}))?$/;

/** How many offsets a text of {@link packOffsets} holds, without counting them out; undefined when it is none. */
export const countOffsets = (text: string): number | undefined => {
  let count = 0;
  for (const run of text === '' ? [] : text.split(' ')) {
    const match = RUN.exec(run);
    if (match === null) return undefined;
    count += Number.parseInt(match[2] ?? '1', 16);
  }
  return count;
};

/** Reads what {@link packOffsets} wrote: those from the index `from` up to, without, `to`; default all. */
export const unpackOffsets = (
  text: string,
  from = 0,
  to: number = Number.POSITIVE_INFINITY,
): readonly bigint[] => {
  const offsets: bigint[] = [];
  let end = 0n;
  let index = 0;
  for (const run of text === '' ? [] : text.split(' ')) {
    const [gap = '0', length = '1'] = run.split('~');
    const count = Number.parseInt(length, 16);
    const first = end + BigInt(`0x${gap}`);
    // A run may be of millions: only what is asked for is counted out.
    for (let at = Math.max(0, from - index); at < Math.min(count, to - index); at += 1)
      offsets.push(first + BigInt(at));
    end = first + BigInt(count);
    index += count;
    if (index >= to) break;
  }
  return offsets;
};
