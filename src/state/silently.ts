/** The same batch call, without its answers. */
export const silently =
  <Request>(call: (requests: readonly Request[]) => Promise<unknown>) =>
  async (requests: readonly Request[]): Promise<void> => {
    await call(requests);
  };
