import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
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
 * What is measured must not run through a loader, which nobody has in production: tsx keeps the names of functions by
 * a call for every closure that is made, and the worker was seen to use about a sixth more CPU a job under it.
 */
export const compileBench = (): CompiledBench => {
  const cache = join(ROOT, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const outDir = mkdtempSync(join(cache, 'esteira-bench-'));
  writeFileSync(join(outDir, 'package.json'), JSON.stringify({ type: 'module' }));
  for (const folder of ['src', 'bench']) compileFolder(folder, outDir);
  const remove = (): void => rmSync(outDir, { recursive: true, force: true });
  process.once('exit', remove); // also when the run is cut off
  return { pathOf: (source) => join(outDir, source.replace(/\.ts$/, '.js')), remove };
};
