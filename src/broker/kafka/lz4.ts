import { bytesAt, Unpacked, UnreadableBatch } from './unreadable-batch.ts';

const FRAME_MARK = 0x184d2204;
const CONTENT_SIZE_FLAG = 0x08;
const DICTIONARY_FLAG = 0x01;
const BLOCK_CHECKSUM_FLAG = 0x10;
/** Set in a block's size when the block is not compressed. */
const STORED = 0x80000000;
const SHORTEST_REPETITION = 4;

/** A length of 15 goes on in the following bytes. */
const lengthFrom = (block: Buffer, at: number, short: number): readonly [length: number, at: number] => {
  let length = short;
  let pos = at;
  if (short === 15)
    for (let more = 255; more === 255; pos++) {
      more = bytesAt(block, pos, 1)[0] ?? 0;
      length += more;
    }
  return [length, pos];
};

const unpackBlock = (block: Buffer, into: Unpacked): void => {
  let at = 0;
  while (at < block.length) {
    const token = block[at] ?? 0;
    const [literals, behindLength] = lengthFrom(block, at + 1, token >> 4);
    into.add(bytesAt(block, behindLength, literals));
    at = behindLength + literals;
    if (at >= block.length) return;
    const distance = bytesAt(block, at, 2).readUInt16LE(0);
    const [repeated, next] = lengthFrom(block, at + 2, token & 15);
    into.repeat(distance, repeated + SHORTEST_REPETITION);
    at = next;
  }
};

const headerBytes = (flags: number): number =>
  4 + 2 + ((flags & CONTENT_SIZE_FLAG) === 0 ? 0 : 8) + ((flags & DICTIONARY_FLAG) === 0 ? 0 : 4) + 1;

/** Unpacks an LZ4 frame; its checksums are not looked at, Kafka has its own. @throws UnreadableBatch */
export const unpackLz4 = (input: Buffer): Buffer => {
  if (bytesAt(input, 0, 4).readUInt32LE(0) !== FRAME_MARK) throw new UnreadableBatch('not an LZ4 frame');
  const flags = bytesAt(input, 4, 1)[0] ?? 0;
  const checksumBytes = (flags & BLOCK_CHECKSUM_FLAG) === 0 ? 0 : 4;
  const into = new Unpacked(4 * input.length);
  let at = headerBytes(flags);
  for (;;) {
    const size = bytesAt(input, at, 4).readUInt32LE(0);
    if (size === 0) return into.bytes;
    const length = size % STORED;
    const block = bytesAt(input, at + 4, length);
    if (size >= STORED) into.add(block);
    else unpackBlock(block, into);
    at += 4 + length + checksumBytes;
  }
};
