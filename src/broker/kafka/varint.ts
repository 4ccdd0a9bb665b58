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
export const writeVarint = (target: Buffer, pos: number, value: number): number => {
  let left = zigzag(value);
  let at = pos;
  while (left >= 128) {
    target[at++] = (left % 128) | 128;
    left = Math.floor(left / 128);
  }
  target[at++] = left;
  return at;
};
