/** The path that a rule blames, relative to where it stands. Source: apiextensions-apiserver, pkg/apiserver/schema/cel/validation.go. */
import type { SchemaNode } from '../../../kube/schema.ts';

const step = /^(?:\.([^.[\]]+)|\['((?:\\.|[^'\\])*)'\])/u;

const escapes: Readonly<Record<string, string>> = { a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** The path as errors show it; undefined where the schema has no such place. */
export function validFieldPath(path: string, schema: SchemaNode): string | undefined {
  let rest = path;
  let node: SchemaNode | undefined = schema;
  let shown = '';
  while (rest !== '') {
    const match = step.exec(rest);
    if (match === null || node === undefined) return undefined;
    const name: string = match[1] ?? (match[2] ?? '').replaceAll(/\\(.)/gu, (_, letter: string) => escapes[letter] ?? letter);
    if (node.properties !== undefined) {
      if (!Object.hasOwn(node.properties, name)) return undefined;
      node = node.properties[name];
      shown += shown === '' ? name : `.${name}`;
    } else if (typeof node.additionalProperties === 'object') {
      node = node.additionalProperties;
      shown += `[${name}]`;
    } else return undefined;
    rest = rest.slice(match[0].length);
  }
  return shown;
}
