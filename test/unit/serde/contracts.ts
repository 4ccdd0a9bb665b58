import type { AvroContract, Json } from '../../../src/core/contract.ts';

/** A contract written by hand; docs do not matter here. */
export const contractOf = <T>(name: string, fields: readonly Json[]): AvroContract<T> => {
  const dot = name.lastIndexOf('.');
  return {
    name,
    schema: { type: 'record', name: name.slice(dot + 1), namespace: name.slice(0, dot), doc: 'd', fields },
  };
};

/** A body behind a frame header. */
export const framed = (id: number, body: readonly number[] | Buffer): Buffer => {
  const header = Buffer.alloc(5);
  header.writeInt32BE(id, 1);
  return Buffer.concat([header, Buffer.from(body)]);
};

/** An Avro long (zigzag, variable length); takes numbers beyond 53 bits too. */
export const long = (value: number | bigint): number[] => {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
  return [...bytes, Number(left)];
};
