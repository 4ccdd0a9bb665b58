const POLYNOMIAL = 0x82f63b78;
const SLICES = 8;

const buildTables = (): Int32Array[] => {
  const first = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
    first[byte] = value;
  }
  const tables = [first];
  for (let slice = 1; slice < SLICES; slice++) {
    const before = tables[slice - 1] ?? first;
    tables.push(before.map((value) => (value >>> 8) ^ (first[value & 0xff] ?? 0)));
  }
  return tables;
};

const EMPTY = new Int32Array(256);
const [T0 = EMPTY, T1 = EMPTY, T2 = EMPTY, T3 = EMPTY, T4 = EMPTY, T5 = EMPTY, T6 = EMPTY, T7 = EMPTY] =
  buildTables();

const at = (table: Int32Array, index: number): number => table[index & 0xff] ?? 0;

/** CRC-32C (Castagnoli) of `bytes` from `start`, unsigned; eight bytes a step. */
export const crc32c = (bytes: Buffer, start = 0): number => {
  let crc = -1;
  let pos = start;
  for (; pos + 8 <= bytes.length; pos += 8) {
    const low = bytes.readInt32LE(pos) ^ crc;
    const high = bytes.readInt32LE(pos + 4);
    crc =
      at(T7, low) ^
      at(T6, low >>> 8) ^
      at(T5, low >>> 16) ^
      at(T4, low >>> 24) ^
      at(T3, high) ^
      at(T2, high >>> 8) ^
      at(T1, high >>> 16) ^
      at(T0, high >>> 24);
  }
  for (; pos < bytes.length; pos++) crc = (crc >>> 8) ^ at(T0, crc ^ (bytes[pos] ?? 0));
  return ~crc >>> 0;
};
