import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** The root of the project. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** The programs as users run them: plain JavaScript. */
export interface CompiledBench {
  /** Where a file of the project lies when compiled. */
  pathOf(source: string): string;
  remove(): void;
}

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
  rewriteRelativeImportExtensions: true,
};

const compileFolder = (folder: string, outDir: string): void => {
  for (const entry of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
    if (!entry.endsWith('.ts')) continue;
    const source = join(folder, entry);
    const { outputText } = ts.transpileModule(readFileSync(join(ROOT, source), 'utf8'), {
      compilerOptions: OPTIONS,
    });
    const target = join(outDir, source.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, outputText);
  }
};

/**
 * Compiles src and bench, without checking types, into a folder below node_modules, where packages are found.
 *
 * What is measured must not run through a loader: tsx names every closure as it is made, which costs a call for each
 * closure of each job, and which nobody has in production.
 */
export const compileBench = (): CompiledBench => {
  const cache = join(ROOT, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const outDir = mkdtempSync(join(cache, 'esteira-bench-'));
  writeFileSync(join(outDir, 'package.json'), JSON.stringify({ type: 'module' }));
  for (const folder of ['src', 'bench']) compileFolder(folder, outDir);
  return {
    pathOf: (source) => join(outDir, source.replace(/\.ts$/, '.js')),
    remove: () => rmSync(outDir, { recursive: true, force: true }),
  };
};
