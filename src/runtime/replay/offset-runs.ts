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

/** Reads what {@link packOffsets} wrote. */
export const unpackOffsets = (text: string): readonly bigint[] => {
  const offsets: bigint[] = [];
  let end = 0n;
  for (const run of text === '' ? [] : text.split(' ')) {
    const [gap = '0', length = '1'] = run.split('~');
    let offset = end + BigInt(`0x${gap}`);
    end = offset + BigInt(`0x${length}`);
    for (; offset < end; offset += 1n) offsets.push(offset);
  }
  return offsets;
};
