import { promisify } from 'node:util';
import zlib from 'node:zlib';
import kafkajs from 'kafkajs';
import { unpackLz4 } from './lz4.ts';
import { unpackSnappy } from './snappy.ts';
import { MOST_UNPACKED_BYTES, UnreadableBatch } from './unreadable-batch.ts';

/** How kafkajs packs and unpacks. */
interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(packed: Buffer): Promise<Buffer>;
}

const { CompressionTypes } = kafkajs;
const codecs: Record<number, (() => Codec) | undefined> = kafkajs.CompressionCodecs;

const readOnly = (name: string, decompress: (packed: Buffer) => Buffer | Promise<Buffer>): Codec => ({
  compress: () => Promise.reject(new UnreadableBatch(`Esteira reads ${name}, it does not write it`)),
  decompress: async (packed) => decompress(packed),
});

const zstd = (): Codec | undefined => {
  // From Node 22.15 on.
  const unpack: unknown = Reflect.get(zlib, 'zstdDecompressSync');
  if (typeof unpack !== 'function') return undefined;
  return readOnly('zstd', (packed) => unpack(packed, { maxOutputLength: MOST_UNPACKED_BYTES }));
};

/** kafkajs throws where it has no codec; what an app has put there itself stays. */
const isMissing = (type: number): boolean => {
  try {
    return codecs[type]?.() === undefined;
  } catch {
    return true;
  }
};

const gunzip = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.unzip);

/** gzip as kafkajs does it, but bounded. */
const boundedGzip = (original: Codec): Codec => ({
  compress: (encoder) => original.compress(encoder),
  decompress: (packed) => gunzip(packed, { maxOutputLength: MOST_UNPACKED_BYTES }),
});

/**
 * Gives kafkajs, which knows only gzip, decoders for what producers of other languages use: a consumer without the
 * codec of a single record dies of it.
 */
export const installCodecs = (): void => {
  const original = codecs[CompressionTypes.GZIP]?.();
  const gzip = original && boundedGzip(original);
  if (gzip !== undefined) codecs[CompressionTypes.GZIP] = () => gzip;
  const found: readonly (readonly [number, Codec | undefined])[] = [
    [CompressionTypes.Snappy, readOnly('snappy', unpackSnappy)],
    [CompressionTypes.LZ4, readOnly('lz4', unpackLz4)],
    [CompressionTypes.ZSTD, zstd()],
  ];
  for (const [type, codec] of found) if (codec !== undefined && isMissing(type)) codecs[type] = () => codec;
};
