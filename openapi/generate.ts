/**
 * Generates what the project derives from the kinds' facts: TypeScript types and the run-time tables, for every group and
 * version that a default kube-apiserver serves.
 *
 * In: `schema.json` (OpenAPI definitions with list types, merge keys, enums, defaults) and `protobuf.json` (field
 * numbers), `disabled-fields.json` (feature gate that is off by default → the fields that it would serve). Out: `functions/kube/generated/`; of its `go-fields.json`, which `facts/main.go` prints, it keeps what
 * belongs to these definitions. Run by `npm run generate`; with `--check` it writes nothing and exits 1 when a file on
 * disk is stale.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { closureOf, type Definitions } from './closure.ts';
import { formatJson } from './format-json.ts';
import { generateTypes } from './types.ts';

const here = import.meta.dirname;
const target = join(here, '../functions/kube/generated');

/**
 * Stable group versions: everything a default cluster serves, and what clients send beside objects.
 * Source: kubernetes, pkg/controlplane/instance.go, stableAPIGroupVersionsEnabledByDefault.
 */
const roots =
  /^io\.k8s\.(api\.[a-z]+\.v1|api\.autoscaling\.v2|apimachinery\.pkg\.apis\.meta\.v1|apiextensions-apiserver\.pkg\.apis\.apiextensions\.v1|kube-aggregator\.pkg\.apis\.apiregistration\.v1)\.[A-Za-z]+$/;

/** Parts of a protobuf package's name have no dashes. */
const messageName = (definition: string): string => definition.replace(/^io\.k8s\./, 'k8s.io.').replaceAll('-', '_');

/** Messages that no definition has: envelopes, and values with a form of their own. */
const otherMessages = /\.(runtime|resource|intstr)\./;

function readJson<T>(...path: string[]): T {
  return JSON.parse(readFileSync(join(here, ...path), 'utf8')) as T;
}

const chosen = <T>(table: Readonly<Record<string, T>>, isWanted: (name: string) => boolean): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(table).filter(([name]) => isWanted(name)));

/** Definition → its fields, of a list by feature gate. */
function byDefinition(disabled: Readonly<Record<string, readonly string[]>>, schema: Definitions): Record<string, string[]> {
  const fields: Record<string, string[]> = {};
  for (const path of Object.values(disabled).flat()) {
    const [definition, field] = [path.slice(0, path.lastIndexOf('.')), path.slice(path.lastIndexOf('.') + 1)];
    if (schema[definition]?.properties?.[field] === undefined) throw new Error(`disabled-fields.json: there is no ${path}`);
    (fields[definition] ??= []).push(field);
  }
  return fields;
}

/** File → text. The facts are among them: they are kept in the form in which a change can be read. */
function outputs(): Map<string, string> {
  const facts = readJson<{ definitions: Definitions }>('schema.json');
  const messages = readJson<Record<string, unknown>>('protobuf.json');
  const goFields = readJson<Record<string, unknown>>('../functions/kube/generated/go-fields.json');
  const disabledFields = readJson<Record<string, readonly string[]>>('disabled-fields.json');
  const schema = closureOf(facts.definitions, (name) => roots.test(name));
  const messageNames = new Set(Object.keys(schema).map(messageName));
  return new Map([
    [join(here, 'schema.json'), formatJson(facts)],
    [join(here, 'protobuf.json'), formatJson(messages)],
    [join(here, 'disabled-fields.json'), formatJson(disabledFields)],
    [join(target, 'schema.json'), formatJson(schema)],
    [join(target, 'protobuf.json'), formatJson(chosen(messages, (name) => messageNames.has(name) || otherMessages.test(name)))],
    [join(target, 'go-fields.json'), formatJson(chosen(goFields, (name) => schema[name] !== undefined))],
    [join(target, 'disabled-fields.json'), formatJson(byDefinition(disabledFields, schema))],
    [join(target, 'types.ts'), generateTypes(schema)],
  ]);
}

const check = process.argv.includes('--check');
mkdirSync(target, { recursive: true });
for (const [file, text] of outputs()) {
  if (!check) {
    writeFileSync(file, text);
  } else if (readFileSync(file, 'utf8') !== text) {
    process.stderr.write(`${file} is stale: npm run generate\n`);
    process.exitCode = 1;
  }
}
