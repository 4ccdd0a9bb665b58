/** An ordering key as people know it: under `order: 'key'` the store's is the record key in base64. */
export const orderKeyText = (orderKey: string, recordKey: Buffer | null): string =>
  recordKey !== null && recordKey.toString('base64') === orderKey ? recordKey.toString('utf8') : orderKey;
