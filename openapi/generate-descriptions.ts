/**
 * Collects the documentation of kinds and fields for `kubectl explain` from the comments of `@kubernetes/client-node`.
 * The texts are Kubernetes' (Apache License 2.0, see NOTICE) and this project keeps no copy of them. The result goes to
 * `.cache`; a control plane that finds none there works without. What this needs is installed in `openapi/generator` by
 * `sh infra/cli/prepare.sh generator`.
 */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import type { Definitions } from './closure.ts';

const models = join(import.meta.dirname, 'generator/node_modules/@kubernetes/client-node/dist/gen/models');
const target = join(import.meta.dirname, '../.cache/openapi/descriptions.json.br');

/** Field → text; '' is the class itself. */
type Texts = Record<string, string>;

const textOf = (comment: string): string =>
  comment
    .split('\n')
    .map((line) => line.replace(/^\s*\*?\s?/, '').trimEnd())
    .join('\n')
    .trim();

function readClass(name: string): { readonly texts: Texts; readonly fields: ReadonlySet<string> } {
  const source = readFileSync(join(models, `${name}.d.ts`), 'utf8');
  const texts: Texts = {};
  const fields = new Set<string>();
  const [, head] = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export declare class/.exec(source) ?? [];
  if (head !== undefined) texts[''] = textOf(head);
  for (const [, comment, field = ''] of source.matchAll(/(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?'([\w$]+)'\??:/g)) {
    // A name that is a word of the language gets an underscore in front; one with a dash has underscores throughout.
    const plain = field.replace(/^_/, '').replace(/^x_kubernetes_.*/, (name) => name.replaceAll('_', '-'));
    fields.add(plain);
    if (comment !== undefined) texts[plain] = textOf(comment);
  }
  return { texts, fields };
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** Where a name is taken by several groups, the group stands in front. */
function classesFor(definition: string): string[] {
  const [kind = '', version = '', group = ''] = definition.split('.').toReversed();
  const versioned = `${capital(version)}${kind}`;
  return [`${capital(group)}${versioned}`, versioned];
}

function collect(definitions: Definitions): Record<string, Texts> {
  const classes = new Set(readdirSync(models).flatMap((file) => (file.endsWith('.d.ts') ? [file.slice(0, -'.d.ts'.length)] : [])));
  const found: Record<string, Texts> = {};
  for (const [definition, { properties = {} }] of Object.entries(definitions)) {
    const known = classesFor(definition).filter((name) => classes.has(name));
    const fitting = known.map(readClass).find(({ fields }) => Object.keys(properties).every((field) => fields.has(field)));
    if (fitting !== undefined && Object.keys(fitting.texts).length > 0) found[definition] = fitting.texts;
  }
  return found;
}

const schema = join(import.meta.dirname, '../functions/kube/generated/schema.json');
const descriptions = collect(JSON.parse(readFileSync(schema, 'utf8')) as Definitions);
const text = JSON.stringify(descriptions);
const compressed = brotliCompressSync(text);
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, compressed);
process.stdout.write(
  `${target}: ${Object.keys(descriptions).length} definitions, ${text.length} characters in ${compressed.length} bytes\n`,
);
