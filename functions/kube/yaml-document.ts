/**
 * Bodies in YAML (apply patches, `application/yaml`), read and written as YAML 1.1 as Go's library does. The library is
 * loaded by the first such body: most processes never see one.
 */
import type * as YamlModule from 'yaml';
import type { Document, Node, YAMLMap } from 'yaml';
import type { JsonDocument } from './json-document.ts';
import type { Json } from './object.ts';
import { badRequest } from './status-error.ts';

/** Tags whose values JSON does not have, and numbers of base 60 (`22:22`), which Go does not know either. */
const foreignTags = /timestamp|binary|omap|pairs|set$/;

/** Throws 400 when the text is no YAML. */
export async function parseYaml(text: string): Promise<JsonDocument> {
  const yaml = await import('yaml');
  const document = yaml.parseDocument(text, {
    version: '1.1',
    merge: true,
    uniqueKeys: false,
    customTags: (tags) =>
      tags.filter((tag) => typeof tag === 'string' || !(foreignTags.test(tag.tag) || ('format' in tag && tag.format === 'TIME'))),
  });
  const [error] = document.errors;
  if (error !== undefined) throw badRequest(`error decoding YAML: error converting YAML to JSON: yaml: ${error.message.split('\n')[0]}`);
  return { value: valueOf(document), duplicates: duplicatesOf(document.contents, '', yaml) };
}

/** Text that looks like a number, a time or a truth to some reader is quoted, since readers of either version must take it as text. */
export async function yamlText(value: Json): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(value, { version: '1.1', aliasDuplicateObjects: false, lineWidth: 0 });
}

function valueOf(document: Document.Parsed): Json {
  try {
    // The tags that are left make nothing but JSON.
    return document.toJS({ maxAliasCount: 100 }) as Json;
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw badRequest(`error decoding YAML: error converting YAML to JSON: yaml: ${error.message}`);
  }
}

type Yaml = typeof YamlModule;

function duplicatesOf(node: Node | null, path: string, yaml: Yaml): string[] {
  if (yaml.isSeq(node)) {
    return node.items.flatMap((item, index) => (yaml.isNode(item) ? duplicatesOf(item, `${path}[${index}]`, yaml) : []));
  }
  return yaml.isMap(node) ? duplicateKeys(node, path, yaml) : [];
}

function duplicateKeys(map: YAMLMap, path: string, yaml: Yaml): string[] {
  const seen = new Set<string>();
  return map.items.flatMap(({ key, value }) => {
    const name = yaml.isScalar(key) ? String(key.value) : String(key);
    const field = path === '' ? name : `${path}.${name}`;
    const found = seen.has(name) && name !== '<<' ? [field] : [];
    seen.add(name);
    return [...found, ...(yaml.isNode(value) ? duplicatesOf(value, field, yaml) : [])];
  });
}
