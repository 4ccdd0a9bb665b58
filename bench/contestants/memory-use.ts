/** Bytes of heap and external memory after a collection. @throws Error without --expose-gc. */
export const collectedBytes = (): number => {
  if (globalThis.gc === undefined) throw new Error('start this program with --expose-gc');
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
