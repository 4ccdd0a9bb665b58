import { bytesAt, Unpacked, UnreadableBatch } from './unreadable-batch.ts';

/** What Java's stream puts in front: a mark and two versions. Other clients write one bare block. */
const JAVA_MARK = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const JAVA_HEADER_BYTES = 16;

/** A number in seven-bit groups, and how many bytes it took. */
const lengthOf = (block: Buffer): readonly [value: number, bytes: number] => {
  let value = 0;
  for (let at = 0; at < 5; at++) {
    const byte = bytesAt(block, at, 1)[0] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return [value, at + 1];
  }
  throw new UnreadableBatch('snappy block without a length');
};

/** Adds a literal; returns the position behind it. */
const literal = (block: Buffer, at: number, tag: number, into: Unpacked): number => {
  const short = tag >> 2;
  const extra = short < 60 ? 0 : short - 59;
  const length = extra === 0 ? short + 1 : bytesAt(block, at, extra).readUIntLE(0, extra) + 1;
  into.add(bytesAt(block, at + extra, length));
  return at + extra + length;
};

/** Adds a repetition; returns the position behind it. */
const repetition = (block: Buffer, at: number, tag: number, into: Unpacked): number => {
  if ((tag & 3) === 1) {
    const low = bytesAt(block, at, 1)[0] ?? 0;
    into.repeat(((tag >> 5) << 8) | low, ((tag >> 2) & 7) + 4);
    return at + 1;
  }
  const bytes = (tag & 3) === 2 ? 2 : 4;
  into.repeat(bytesAt(block, at, bytes).readUIntLE(0, bytes), (tag >> 2) + 1);
  return at + bytes;
};

const unpackBlock = (block: Buffer): Buffer => {
  const [length, headerBytes] = lengthOf(block);
  const into = new Unpacked(length);
  let at = headerBytes;
  while (at < block.length) {
    const tag = block[at] ?? 0;
    at = (tag & 3) === 0 ? literal(block, at + 1, tag, into) : repetition(block, at + 1, tag, into);
  }
  if (into.bytes.length !== length) throw new UnreadableBatch('snappy block of another length than it says');
  return into.bytes;
};

/** Unpacks snappy, framed as Java does or bare. @throws UnreadableBatch */
export const unpackSnappy = (input: Buffer): Buffer => {
  if (!input.subarray(0, JAVA_MARK.length).equals(JAVA_MARK)) return unpackBlock(input);
  const blocks: Buffer[] = [];
  for (let at = JAVA_HEADER_BYTES; at < input.length; ) {
    const size = bytesAt(input, at, 4).readInt32BE(0);
    blocks.push(unpackBlock(bytesAt(input, at + 4, size)));
    at += 4 + size;
  }
  return Buffer.concat(blocks);
};
