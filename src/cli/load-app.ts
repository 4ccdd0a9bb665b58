import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { AppDefinition } from '../core/app.ts';
import { EsteiraError, isEsteiraError } from '../core/errors.ts';
import type { Terminal } from './terminal.ts';

const USUAL_NAMES = ['esteira.config.ts', 'esteira.config.js', 'esteira.config.mjs'];

/** What `defineApp` makes, as far as it can be told apart: the app may have its own copy of the package. */
const AppShape = z.looseObject({
  name: z.string(),
  events: z.array(z.looseObject({ type: z.string(), topic: z.string() })),
  jobs: z.array(z.looseObject({ type: z.string(), triggers: z.array(z.unknown()) })),
  ladderMs: z.array(z.number()),
  partitions: z.number(),
});

const isApp = (value: unknown): value is AppDefinition => AppShape.safeParse(value).success;

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const notFound = (message: string, path?: string, cause?: unknown): EsteiraError =>
  new EsteiraError('ESTEIRA_APP_NOT_FOUND', message, { facts: path === undefined ? {} : { path }, cause });

/** The file an app is defined in. @throws EsteiraError ESTEIRA_APP_NOT_FOUND */
const findFile = async (cwd: string, given: string | undefined): Promise<string> => {
  const candidates = given === undefined ? USUAL_NAMES : [given];
  for (const name of candidates) {
    const path = resolve(cwd, name);
    if (await exists(path)) return path;
  }
  throw given === undefined
    ? notFound(
        `there is no ${USUAL_NAMES.join(', ')} here: go to the app's folder, or give --app PATH (or set ESTEIRA_APP)`,
      )
    : notFound(
        `there is no file ${given}: give --app (or ESTEIRA_APP) the path of the file that exports the app`,
      );
};

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

const importFile = async (path: string): Promise<unknown> => {
  try {
    const module: { readonly default?: unknown } = await import(pathToFileURL(path).href);
    return module.default;
  } catch (error) {
    if (isEsteiraError(error)) throw error;
    if (codeOf(error) === 'ERR_UNKNOWN_FILE_EXTENSION') {
      throw notFound(
        'Node cannot load TypeScript by itself: run `node --import tsx node_modules/esteira/dist/src/cli/main.js …`, or give --app a .js file',
        path,
      );
    }
    throw notFound('the file of the app could not be loaded', path, error);
  }
};

/** An app, and the URL of the file it is the default export of. */
export interface LoadedApp {
  readonly app: AppDefinition;
  readonly appModule: string;
}

/**
 * The app of a command: the default export of `--app`, of `ESTEIRA_APP`, or of esteira.config.{ts,js,mjs} in the working folder.
 *
 * @throws EsteiraError ESTEIRA_APP_NOT_FOUND saying which file, and what the app itself throws when it is defined.
 */
export const loadApp = async (
  terminal: Pick<Terminal, 'cwd' | 'environment'>,
  given?: string,
): Promise<AppDefinition> => (await loadAppModule(terminal, given)).app;

/** As {@link loadApp}, with where it was found. @throws as it does */
export const loadAppModule = async (
  { cwd, environment }: Pick<Terminal, 'cwd' | 'environment'>,
  given?: string,
): Promise<LoadedApp> => {
  const path = await findFile(cwd, given ?? environment['ESTEIRA_APP']);
  const app = await importFile(path);
  if (isApp(app)) return { app, appModule: pathToFileURL(path).href };
  throw notFound('the default export is not an app: write `export default defineApp({ … })`', path);
};
