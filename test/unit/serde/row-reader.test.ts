import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JobEvent } from '../../../src/core/generated/job-event.ts';
import type { RowSink } from '../../../src/core/ports/row-sink.ts';
import { createMemorySource, createSerde } from '../../../src/serde/index.ts';
import { createRowReader } from '../../../src/serde/row-reader.ts';
import { arbitraryFor, EVERYTHING } from './arbitraries.ts';

const serde = createSerde({ source: createMemorySource([JobEvent]) });
await serde.warm([JobEvent]);
const read = createRowReader(JobEvent);
if (read === undefined) throw new Error('no reader');

/** Puts the fields of a row together again, by their places. */
const collect = () => {
  const fields: unknown[] = [];
  const entries = (field: number): [string, unknown][] => {
    const made = fields[field];
    if (Array.isArray(made)) return made;
    const none: [string, unknown][] = [];
    fields[field] = none;
    return none;
  };
  const sink: RowSink = {
    text: (field, bytes, from, to) => {
      fields[field] = bytes.toString('utf8', from, to);
      return isUtf8(bytes.subarray(from, to));
    },
    number: (field, value) => {
      fields[field] = value;
      return true;
    },
    none: (field) => {
      fields[field] = null;
    },
    textEntry: (field, bytes, key, value) => {
      entries(field).push([
        bytes.toString('utf8', key.from, key.to),
        bytes.toString('utf8', value.from, value.to),
      ]);
      return isUtf8(bytes.subarray(key.from, key.to)) && isUtf8(bytes.subarray(value.from, value.to));
    },
    numberEntry: (field, bytes, key, value) => {
      entries(field).push([bytes.toString('utf8', key.from, key.to), value]);
      return isUtf8(bytes.subarray(key.from, key.to));
    },
  };
  return { fields, sink };
};

const FIELDS = Object.keys(arbitraryNames());
function arbitraryNames(): Readonly<Record<string, unknown>> {
  const [sample] = fc.sample(arbitraryFor(JobEvent), 1);
  return Object.fromEntries(Object.entries(Object(sample)));
}

const bodyOf = (value: unknown): Buffer => {
  const frame = serde.encode(JobEvent, value as JobEvent);
  if (frame instanceof Promise) throw new Error('not warm');
  return frame;
};

/** As a list of fields, maps as lists of entries; the empty ones are never begun. */
const listed = (value: object): readonly unknown[] =>
  Object.values(value).map((field: unknown) =>
    typeof field === 'object' && field !== null ? Object.entries(field) : field,
  );

const filled = (fields: readonly unknown[]): readonly unknown[] =>
  FIELDS.map((_, index) => fields[index] ?? (fields[index] === null ? null : []));

test('a row has what the decoded record has', () => {
  fc.assert(
    fc.property(arbitraryFor(JobEvent), (value) => {
      const { fields, sink } = collect();
      expect(read(bodyOf(value).subarray(5), sink)).toBeUndefined();
      expect(filled(fields)).toEqual(listed(Object(value)));
    }),
    { numRuns: 300 },
  );
});

test('what is accepted of broken bytes is what ordinary decoding makes of them', () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 2 });
  let accepted = 0;
  fc.assert(
    fc.property(arbitraryFor(JobEvent), changes, (value, flips) => {
      const bytes = bodyOf(value);
      for (const [at, byte] of flips) bytes[5 + (at % (bytes.length - 5))] = byte;
      const { fields, sink } = collect();
      if (read(bytes.subarray(5), sink) !== undefined) return;
      accepted += 1;
      const decoded = serde.decode(JobEvent, bytes);
      if (decoded instanceof Promise || !decoded.ok) throw new Error('ordinary decoding refuses it');
      expect(filled(fields)).toEqual(listed(decoded.value));
    }),
    { numRuns: 2_000 },
  );
  expect(accepted).toBeGreaterThan(100);
});

test('a body that ends too early is never a row', () => {
  fc.assert(
    fc.property(arbitraryFor(JobEvent), fc.nat(), (value, cut) => {
      const body = bodyOf(value).subarray(5);
      expect(read(body.subarray(0, cut % body.length), collect().sink)).toBeTypeOf('string');
    }),
    { numRuns: 300 },
  );
});

test('a contract with more than texts, numbers, nulls and maps of them has no such reader', () => {
  expect(createRowReader(EVERYTHING)).toBeUndefined();
});
