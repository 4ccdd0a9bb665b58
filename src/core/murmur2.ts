const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;
const SHIFT = 24;
const POSITIVE = 0x7fffffff;

const scramble = (word: number): number => {
  const mixed = Math.imul(word, MULTIPLIER);
  return Math.imul(mixed ^ (mixed >>> SHIFT), MULTIPLIER);
};

/** The one to three bytes after the last whole word, little-endian. */
const tailOf = (bytes: Uint8Array, start: number): number => {
  let tail = 0;
  for (let at = bytes.length - 1; at >= start; at -= 1) tail = (tail << 8) | (bytes[at] ?? 0);
  return tail;
};

const wordAt = (bytes: Uint8Array, at: number): number =>
  (bytes[at] ?? 0) |
  ((bytes[at + 1] ?? 0) << 8) |
  ((bytes[at + 2] ?? 0) << 16) |
  ((bytes[at + 3] ?? 0) << 24);

/** Kafka's 32-bit murmur2 as the Java client computes it; a signed integer. */
export const murmur2 = (bytes: Uint8Array): number => {
  const wholeWords = bytes.length & ~3;
  let hash = SEED ^ bytes.length;
  for (let at = 0; at < wholeWords; at += 4) {
    hash = Math.imul(hash, MULTIPLIER) ^ scramble(wordAt(bytes, at));
  }
  if (wholeWords < bytes.length) hash = Math.imul(hash ^ tailOf(bytes, wholeWords), MULTIPLIER);
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
};

/** The partition the Java client's default partitioner gives a key, so that producers in other languages agree. */
export const partitionForKey = (key: Uint8Array, partitions: number): number =>
  (murmur2(key) & POSITIVE) % partitions;
