/** Numbers whose zigzag form fits 31 bits, so that integer arithmetic does. */
const isSmall = (value: number): boolean => value === value >> 0 && value >= -(2 ** 30) && value < 2 ** 30;

const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);

/** Bytes a zigzag varint of `value` takes; any safe integer. */
export const varintSize = (value: number): number => {
  let left = zigzag(value);
  let size = 1;
  while (left >= 128) {
    left = Math.floor(left / 128);
    size++;
  }
  return size;
};

/** Writes a zigzag varint at `pos` and returns the position behind it. */
export const writeVarint = (target: Uint8Array, pos: number, value: number): number => {
  if (!isSmall(value)) return writeLarge(target, pos, value);
  let left = (value << 1) ^ (value >> 31);
  let at = pos;
  while (left >= 128) {
    target[at++] = (left & 127) | 128;
    left >>>= 7;
  }
  target[at++] = left;
  return at;
};

const writeLarge = (target: Uint8Array, pos: number, value: number): number => {
  let left = zigzag(value);
  let at = pos;
  while (left >= 128) {
    target[at++] = (left % 128) | 128;
    left = Math.floor(left / 128);
  }
  target[at++] = left;
  return at;
};

/** Reads what {@link writeVarint} wrote. */
export const readVarint = (
  source: Uint8Array,
  pos: number,
): { readonly value: number; readonly end: number } => {
  let unsigned = 0;
  let end = pos;
  for (let weight = 1; ; weight *= 128) {
    const byte = source[end++] ?? 0;
    unsigned += (byte & 127) * weight;
    if (byte < 128) break;
  }
  return { value: unsigned % 2 === 0 ? unsigned / 2 : -(unsigned + 1) / 2, end };
};
