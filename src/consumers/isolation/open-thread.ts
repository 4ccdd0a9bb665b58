import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type MessagePort, Worker } from 'node:worker_threads';
import type { ThreadData } from './messages.ts';

/**
 * The first words of a thread, in JavaScript: a TypeScript program needs its loader first, and tsx does not reach into
 * threads by itself.
 */
const BOOT = `
const { workerData } = require('node:worker_threads');
(async () => {
  if (workerData.loader !== undefined) (await import(workerData.loader)).register();
  await import(workerData.program);
})();
`;

const TYPESCRIPT = /\.[cm]?tsx?$/;
const PROGRAM = new URL(`./thread-main${extname(import.meta.url)}`, import.meta.url).href;

/** Whether Node, as it was started, reads TypeScript without help. */
const readsTypeScript = (): boolean =>
  'typescript' in process.features && Boolean(process.features.typescript);

/** The loader of TypeScript, where the app has one and needs it. */
const loaderOf = (appModule: string): string | undefined => {
  const runsByTsx = process.execArgv.some((argument) => /\btsx\b/.test(argument));
  if (readsTypeScript() && !runsByTsx) return undefined;
  if (!TYPESCRIPT.test(new URL(appModule).pathname) && !TYPESCRIPT.test(PROGRAM)) return undefined;
  try {
    const found = createRequire(appModule).resolve('tsx/package.json');
    // `tsx/esm/api`, its ES module: what `require` resolves that name to does not load in a thread.
    return new URL('dist/esm/api/index.mjs', pathToFileURL(found)).href;
  } catch {
    // Without it the thread says itself that it cannot load the file, by its name.
    return undefined;
  }
};

/** Starts a thread that loads the app of `appModule`. It inherits the options of Node. */
export const openThread = (appModule: string, port: MessagePort, memoryMb: number | undefined): Worker => {
  const data: ThreadData = {
    esteiraJobThread: true,
    ...{ port, appModule, program: PROGRAM, loader: loaderOf(appModule) },
  };
  return new Worker(BOOT, {
    eval: true,
    workerData: data,
    transferList: [port],
    ...(memoryMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: memoryMb } }),
  });
};
