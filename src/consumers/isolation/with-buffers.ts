const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/**
 * The payload as it was sent: what crosses threads turns a Buffer into a bare Uint8Array, on which `toString('hex')` and
 * its like say something else. Changes arrays and plain objects in place: they are a copy already.
 */
export const withBuffers = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (!Array.isArray(value) && !isPlain(value)) return value;
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner === 'object' && inner !== null) Reflect.set(value, name, withBuffers(inner));
  }
  return value;
};
