import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hardenClient } from '../../../../src/broker/kafka/client-patch.ts';
import { unpackLz4 } from '../../../../src/broker/kafka/lz4.ts';
import { unpackSnappy } from '../../../../src/broker/kafka/snappy.ts';
import { UnreadableBatch } from '../../../../src/broker/kafka/unreadable-batch.ts';

/** What Kafka's own console producer (4.1, Java) wrote for the lines one, "two" eight times, one. */
const FROM_JAVA = {
  snappy: 'glNOQVBQWQAAAAABAAAAAQAAACc8UBIAAAABBm9uZQBMAKACAgE+dHdvIGoEACwAFACgAgQBBm9uZQA=',
  lz4: 'BCJNGGBAgicAAAD/BhIAAAABBm9uZQBMANoDAgE+dHdvIAQACMAAFADcAwQBBm9uZQAAAAAA',
};

const bytesOf = (text: string): Buffer => Buffer.from(text, 'base64');

/** A bare snappy block of one literal. */
const snappyLiteral = (text: Buffer): Buffer => {
  const size = Buffer.alloc(2);
  size.writeUInt16LE(text.length - 1);
  const length = text.length < 128 ? [text.length] : [(text.length & 0x7f) | 0x80, text.length >> 7];
  return Buffer.concat([Buffer.from([...length, 61 << 2]), size, text]);
};

const lz4Frame = (...blocks: readonly Buffer[]): Buffer => {
  const sized = blocks.map((block) => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(block.length);
    return Buffer.concat([size, block]);
  });
  return Buffer.concat([Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x40, 0x40, 0]), ...sized, Buffer.alloc(4)]);
};

describe('compressed records of other clients', () => {
  it('are unpacked as Kafka wrote them', () => {
    for (const unpacked of [unpackSnappy(bytesOf(FROM_JAVA.snappy)), unpackLz4(bytesOf(FROM_JAVA.lz4))]) {
      expect(unpacked).toHaveLength(60);
      expect(unpacked.toString('latin1')).toContain('two two two two two two two two');
      expect(unpacked.toString('latin1').match(/one/g)).toHaveLength(2);
    }
  });

  it('may be a bare snappy block, as clients in C write it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 5_000 }), (array) => {
        expect(unpackSnappy(snappyLiteral(Buffer.from(array)))).toEqual(Buffer.from(array));
      }),
    );
  });

  it('may repeat what they are just writing, and bytes of an earlier block', () => {
    expect(unpackSnappy(Buffer.from([9, 0, 0x61, 0b10001, 1])).toString()).toBe('a'.repeat(9));
    const first = Buffer.concat([Buffer.from([0x30]), Buffer.from('abc')]);
    const second = Buffer.concat([
      Buffer.from([0x12]),
      Buffer.from('x'),
      Buffer.from([4, 0]),
      Buffer.from([0x10]),
      Buffer.from('!'),
    ]);
    expect(unpackLz4(lz4Frame(first, second)).toString()).toBe('abcxabcxab!');
  });

  it('that are broken anywhere are refused as such, and nothing else happens', () => {
    for (const [unpack, packed] of [
      [unpackSnappy, bytesOf(FROM_JAVA.snappy)],
      [unpackLz4, bytesOf(FROM_JAVA.lz4)],
    ] as const)
      fc.assert(
        fc.property(fc.nat(packed.length - 1), fc.nat(255), fc.nat(packed.length), (at, byte, length) => {
          const broken = Buffer.from(packed);
          broken[at] = byte;
          for (const input of [broken, packed.subarray(0, length)])
            try {
              unpack(input);
            } catch (error) {
              expect(error).toBeInstanceOf(UnreadableBatch);
            }
        }),
      );
  });

  it('cannot claim memory they do not have', () => {
    expect(() => unpackSnappy(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0x61]))).toThrow(UnreadableBatch);
    const bomb = Buffer.concat([
      Buffer.from([0x1f, 0x61, 1, 0]),
      Buffer.alloc(600_000, 0xff),
      Buffer.from([0]),
    ]);
    expect(() => unpackLz4(lz4Frame(bomb))).toThrow(UnreadableBatch);
  });

  it('have their decoders in the client, beside those an app has put there', () => {
    hardenClient();
    const { CompressionCodecs, CompressionTypes } = createRequire(import.meta.url)('kafkajs');
    for (const type of [CompressionTypes.GZIP, CompressionTypes.Snappy, CompressionTypes.LZ4])
      expect(CompressionCodecs[type]().decompress).toBeTypeOf('function');
  });
});
