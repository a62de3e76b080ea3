/**
 * Generates what the house derives from the kinds' facts: TypeScript types and the run-time schema.
 *
 * In: `schema.json` (OpenAPI definitions of Kubernetes 1.36 with list types, merge keys, enums, defaults) and
 * `protobuf.json` (field numbers), `pointer-fields.json` (fields that are pointers in Go, so that their zero is not their
 * absence). Out: `functions/kube/generated/`. Run by `npm run generate`; with `--check` it
 * writes nothing and exits 1 when a file on disk is stale.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateTypes } from './types.ts';
import { closureOf, type Definitions } from './closure.ts';

const here = import.meta.dirname;
const target = join(here, '../functions/kube/generated');

/** Stable group versions: everything a default cluster serves, and what clients send beside objects. */
const roots =
  /^io\.k8s\.(api\.[a-z]+\.v1|api\.autoscaling\.v2|apimachinery\.pkg\.apis\.meta\.v1|apiextensions-apiserver\.pkg\.apis\.apiextensions\.v1|kube-aggregator\.pkg\.apis\.apiregistration\.v1)\.[A-Za-z]+$/;

function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(join(here, name), 'utf8')) as T;
}

function outputs(): Map<string, string> {
  const { definitions } = readJson<{ definitions: Definitions }>('schema.json');
  const messages = readJson<Record<string, unknown>>('protobuf.json');
  const schema = closureOf(definitions, (name) => roots.test(name));
  const protobufNames = new Set(Object.keys(schema).map((name) => name.replace(/^io\.k8s\./, 'k8s.io.')));
  const protobuf = Object.fromEntries(
    Object.entries(messages).filter(([name]) => protobufNames.has(name) || /\.(runtime|resource|intstr)\./.test(name)),
  );
  return new Map([
    ['schema.json', JSON.stringify(schema)],
    ['protobuf.json', JSON.stringify(protobuf)],
    ['pointer-fields.json', JSON.stringify(readJson('pointer-fields.json'))],
    ['types.ts', generateTypes(schema)],
  ]);
}

const check = process.argv.includes('--check');
mkdirSync(target, { recursive: true });
for (const [name, text] of outputs()) {
  const file = join(target, name);
  if (!check) {
    writeFileSync(file, text);
  } else if (readFileSync(file, 'utf8') !== text) {
    process.stderr.write(`${file} is stale: npm run generate\n`);
    process.exitCode = 1;
  }
}
