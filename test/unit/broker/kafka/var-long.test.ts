import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hardenClient } from '../../../../src/broker/kafka/client-patch.ts';

const require = createRequire(import.meta.url);

// kafkajs makes three bigints of each byte of a record's time: short ones are read without.
it('times of records are read as kafkajs writes them, of every length', () => {
  hardenClient();
  const Encoder = require('kafkajs/src/protocol/encoder');
  const Decoder = require('kafkajs/src/protocol/decoder');
  const anyLong = fc.oneof(fc.integer({ min: -2_000, max: 2_000 }), fc.integer(), fc.maxSafeInteger());
  fc.assert(
    fc.property(fc.array(anyLong, { minLength: 1, maxLength: 5 }), (numbers) => {
      const encoder = new Encoder();
      for (const number of numbers) encoder.writeVarLong(number);
      const decoder = new Decoder(encoder.buffer);
      const read = numbers.map(() => decoder.readVarLong().add(0).toString());
      expect(read).toEqual(numbers.map(String));
      expect(decoder.offset).toBe(encoder.buffer.length);
    }),
  );
});
