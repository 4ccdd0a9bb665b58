const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;

/** Mixes the last one to three bytes of a key. */
const mixTail = (hash: number, key: Uint8Array, from: number): number => {
  const left = key.length - from;
  let mixed = hash;
  if (left >= 3) mixed ^= (key[from + 2] ?? 0) << 16;
  if (left >= 2) mixed ^= (key[from + 1] ?? 0) << 8;
  if (left >= 1) mixed = Math.imul(mixed ^ (key[from] ?? 0), MULTIPLIER);
  return mixed;
};

/** The hash the Java client uses for keys, as a signed 32 bit number. */
export const murmur2 = (key: Uint8Array): number => {
  let hash = SEED ^ key.length;
  const blocks = key.length & ~3;
  for (let at = 0; at < blocks; at += 4) {
    const word =
      (key[at] ?? 0) | ((key[at + 1] ?? 0) << 8) | ((key[at + 2] ?? 0) << 16) | ((key[at + 3] ?? 0) << 24);
    const scrambled = Math.imul(word, MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(scrambled ^ (scrambled >>> 24), MULTIPLIER);
  }
  hash = mixTail(hash, key, blocks);
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
};

/** The partition of a key's hash: the same as the Java client's, whatever language wrote the record. */
export const partitionOfHash = (hash: number, partitions: number): number => (hash & 0x7fffffff) % partitions;
