/**
 * Throws on a turn of its own, as an uncaught exception: for what a callback of somebody else threw, which must not
 * hurt those who are called after it, and must not be lost either.
 */
export const throwLater = (thrown: unknown): void => {
  setImmediate(() => {
    throw thrown;
  });
};
