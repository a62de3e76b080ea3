/** A copy of the sources in which a rule can be taken out. What is built and shipped has no switch for that. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../architecture/sources.ts';

export interface Edit {
  /** The path from the project's root. */
  readonly file: string;
  /** Is there exactly once. */
  readonly from: string;
  readonly to: string;
}

export interface SourceCopy extends Disposable {
  readonly path: string;
  /** Makes the edits; what it returns takes them back. */
  edit(edits: readonly Edit[]): () => void;
}

const copied = ['functions', 'agent', 'infra', 'openapi', 'test', 'package.json', 'tsconfig.json'];
const linked = ['node_modules', '.cache'];

export function edited(source: string, { file, from, to }: Edit): string {
  if (source.split(from).length !== 2) throw new Error(`${file} does not hold exactly once: ${from}; the weakening must follow the source`);
  return source.replace(from, () => to);
}

export function copySources(): SourceCopy {
  const path = mkdtempSync(join(tmpdir(), 'weakened-'));
  for (const name of copied)
    cpSync(join(root, name), join(path, name), { recursive: true, filter: (from) => !from.endsWith('/node_modules') });
  for (const name of linked) symlinkSync(join(root, name), join(path, name));
  return {
    path,
    edit(edits) {
      const before = edits.map(({ file }) => [join(path, file), readFileSync(join(path, file), 'utf8')] as const);
      for (const edit of edits) {
        const file = join(path, edit.file);
        writeFileSync(file, edited(readFileSync(file, 'utf8'), edit));
      }
      return () => {
        for (const [file, text] of before) writeFileSync(file, text);
      };
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true }),
  };
}
