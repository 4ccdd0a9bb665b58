import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packedWord, packTogether, WordPacker } from '../../../src/state/redis/word-packer.ts';

/** Reads lists of words as Redis' cmsgpack does, as far as the packer writes them. */
const listsOf = (packed: Buffer): readonly string[][] => {
  const lists: string[][] = [];
  for (let at = 0; at < packed.length; ) {
    expect(packed[at]).toBe(0xdd);
    const list: string[] = [];
    let left = packed.readUInt32BE(at + 1);
    at += 5;
    for (; left > 0; left -= 1) {
      const isLong = packed[at] === 0xdb;
      const length = isLong ? packed.readUInt32BE(at + 1) : packed.readUInt16BE(at + 1);
      at += isLong ? 5 : 3;
      list.push(packed.toString('latin1', at, at + length));
      at += length;
    }
    lists.push(list);
  }
  return lists;
};

const bytesOf = (word: string | Buffer): string => Buffer.from(word).toString('latin1');

const word = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.constantFrom('', 'a'.repeat(24), 'a'.repeat(25), 'a'.repeat(70_000), `${'a'.repeat(30)}é`, '\ud800'),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
);

describe('the words of a script', () => {
  it('arrive as they were given, in their order, in both lists', () => {
    const [first, second] = [new WordPacker(), new WordPacker()];
    fc.assert(
      fc.property(fc.array(word, { maxLength: 20 }), fc.array(word, { maxLength: 20 }), (keys, words) => {
        for (const one of keys) first.add(one);
        for (const one of words) second.add(one);
        expect(listsOf(packTogether(first, second))).toEqual([keys.map(bytesOf), words.map(bytesOf)]);
      }),
    );
  });

  it('may be made of parts: texts as they are, words packed', () => {
    const [packer, none] = [new WordPacker(), new WordPacker()];
    packer.add('before');
    packer.addPacked(`D17${packedWord('origin')}${packedWord('é')}`);
    packer.add('after');
    const packed = 'D17\xda\x00\x06origin\xda\x00\x02\xc3\xa9';
    expect(listsOf(packTogether(packer, none))).toEqual([['before', packed, 'after'], []]);
  });

  it('says how long it is before it is taken, and is empty afterwards', () => {
    const [packer, none] = [new WordPacker(), new WordPacker()];
    for (const one of ['', 'é', 'a'.repeat(2_000), Buffer.from([0xff])]) packer.add(one);
    const { length } = packer;
    expect(packTogether(packer, none)).toHaveLength(length + none.length);
    expect(listsOf(packTogether(packer, none))).toEqual([[], []]);
  });
});
