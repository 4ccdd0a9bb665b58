import { existsSync } from 'node:fs';
import { chmod, constants, copyFile, mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Read and written by this user, and by nobody else. */
const OWN = 0o600;
const OWN_FOLDER = 0o700;

/**
 * Makes a file where there is none, by `make` in a folder that only this user can enter, so that there is no moment in which
 * others could open it.
 */
export const makeUnseen = async (path: string, make: (path: string) => Promise<void>): Promise<void> => {
  if (existsSync(path)) return;
  const folder = await mkdtemp(`${path}-`);
  try {
    const made = join(folder, 'made');
    await make(made);
    await chmod(made, OWN);
    await copyFile(made, path, constants.COPYFILE_EXCL);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Takes the rights of others from a file. It is not opened: closing it again would end the locks that this process has on it. */
export const keepPrivate = (path: string): Promise<void> => chmod(path, OWN);

/** Makes a file that only this user can open, without anything in it; one that is there only loses the rights of others. */
export const makePrivate = async (path: string): Promise<void> => {
  const file = await open(path, 'a', OWN);
  try {
    await file.chmod(OWN);
  } finally {
    await file.close();
  }
};

/** Makes a folder that only this user can enter; from one that is there others lose their rights. */
export const makePrivateFolder = async (path: string): Promise<void> => {
  await mkdir(path, { recursive: true, mode: OWN_FOLDER });
  await chmod(path, OWN_FOLDER);
};
