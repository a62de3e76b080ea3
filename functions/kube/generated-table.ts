/**
 * The generated tables. They are large, and a process that starts needs none of them: each is read when it is first
 * asked for. In a bundle they lie beside the module as they lie beside this one.
 */
import { createRequire } from 'node:module';

const readBeside = createRequire(import.meta.url);

type Name = 'disabled-fields' | 'go-fields' | 'internal-types' | 'protobuf' | 'schema';

export function generatedTable<T>(name: Name): () => ReadonlyMap<string, T> {
  let table: ReadonlyMap<string, T> | undefined;
  return () => (table ??= new Map(Object.entries(readBeside(`./generated/${name}.json`) as Readonly<Record<string, T>>)));
}
