import type { Connectable } from './run-query.ts';

/**
 * Takes from a store, for as long as it is open, what no query needs: files, networks, extensions, settings. Nothing
 * can be given back.
 */
export const lockDown = async (store: Connectable): Promise<void> => {
  const connection = await store.connect();
  try {
    for (const setting of [
      "TimeZone = 'UTC'",
      'autoinstall_known_extensions = false',
      'autoload_known_extensions = false',
      'allow_community_extensions = false',
      'enable_external_access = false',
      'lock_configuration = true',
    ])
      await connection.run(`SET GLOBAL ${setting}`);
  } finally {
    connection.closeSync();
  }
};
