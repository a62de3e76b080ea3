/** The project's own source files, as the architecture tests see them. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

export interface SourceFile {
  /** The path from the project's root: `functions/kube/object.ts`. */
  readonly path: string;
  readonly text: string;
}

const generated = /\/generated\//;

/** READMEs, the run-book and the like. Decision records keep the words of their day. */
export const documents = (): readonly SourceFile[] =>
  globSync('{*,{functions,agent,infra,openapi,test}/**/*}.md', { cwd: root })
    .sort()
    .filter((path) => !path.includes('node_modules') && !path.startsWith('infra/decisions/'))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

export function sourceFiles(): readonly SourceFile[] {
  return globSync('{functions,agent,infra,openapi,test}/**/*.{ts,tsx}', { cwd: root })
    .sort()
    .filter((path) => !generated.test(path) && !path.includes('node_modules'))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

export const isTest = (path: string): boolean => path.startsWith('test/') || /\.(test|contract)\.ts$/.test(path);

/** Comments and texts blanked out, line breaks kept: what is left is code. */
export function codeOnly(text: string): string {
  const blank = (match: string): string => match.replace(/[^\n]/g, ' ');
  return text.replace(/\/\*[\s\S]*?\*\//g, blank).replace(/(^|[\s;{}(),])\/\/.*$/gm, blank);
}
