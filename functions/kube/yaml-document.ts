/**
 * Bodies in YAML (apply patches, `application/yaml`), read and written as YAML 1.1 as Go's library does. The library is
 * loaded by the first such body: most processes never see one.
 */
import type * as YamlModule from 'yaml';
import type { Document, Node, YAMLMap } from 'yaml';
import { boundedJson, depthMax, TooDeep } from './bounded-json.ts';
import { DocumentError } from './document-error.ts';
import { duplicateFields, type JsonDocument, tooLargeNumber } from './json-document.ts';
import { StatusError } from './status-error.ts';
import { wellFormedFrom } from './well-formed.ts';
import type { Json } from './object.ts';

/** Tags whose values JSON does not have, and numbers of base 60 (`22:22`), which Go does not know either. */
const foreignTags = /timestamp|binary|omap|pairs|set$/;

/** `0o17`, which YAML 1.2 knows. */
const octal = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  format: 'OCT-1.2',
  test: /^[-+]?0o[0-7_]+$/,
  resolve: (text: string): number => Number.parseInt(text.replaceAll('_', '').replace('0o', ''), 8),
};

const binary = {
  tag: 'tag:yaml.org,2002:binary',
  resolve: (text: string): string => Buffer.from(text, 'base64').toString('utf8'),
};

/**
 * The library takes some seconds for a megabyte of what is meant to be slow. What clients send in bulk is JSON, which is
 * read as such.
 */
export const yamlLengthMax = 256 * 1024;

/** Reads the first document; what follows it is left alone. Throws a DocumentError when the text is no YAML. */
export async function parseYaml(text: string): Promise<JsonDocument> {
  const json = jsonDocument(text);
  if (json !== undefined) return json;
  if (text.length > yamlLengthMax)
    throw new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${yamlLengthMax}`);
  const yaml = await import('yaml');
  const options = {
    version: '1.1',
    merge: true,
    uniqueKeys: false,
    // A pretty error copies its line, and a long line may have an error at each of its letters.
    prettyErrors: false,
    customTags: (tags: YamlModule.Tags) => [
      octal,
      binary,
      ...tags.filter((tag) => typeof tag === 'string' || !(foreignTags.test(tag.tag) || ('format' in tag && tag.format === 'TIME'))),
    ],
  } as const;
  const documents = withinStack(() => yaml.parseAllDocuments(text, options));
  const document = Array.isArray(documents) ? documents[0] : undefined;
  if (document === undefined) return { value: null, duplicates: [] };
  const [error] = document.errors;
  if (error !== undefined) throw new DocumentError(`yaml: ${yamlProblem(error, text)}`, { cause: error });
  if (text.includes('*')) withinStack(() => refuseEndless(document, yaml));
  if (tooLargeText.test(text)) keepTooLargeTexts(document, yaml);
  const value = wellFormedFrom(text, valueOf(document));
  const numbers = new Map<string, string>();
  const duplicates = duplicatesOf(document.contents, '', { yaml, numbers });
  return numbers.size === 0 ? { value, duplicates } : { value, duplicates, numbers };
}

/** Undefined for what is no JSON. Numbers are read as YAML's: only integers that JavaScript cannot keep differ. */
function jsonDocument(text: string): JsonDocument | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const value = wellFormedFrom(text, boundedJson(text));
    const all = new Map<string, string>();
    const duplicates = duplicateFields(text, all);
    if (tooLargeNumber(all) !== undefined) return undefined;
    const numbers = new Map([...all].filter(([, number]) => isUnsafeInteger(number)));
    return numbers.size === 0 ? { value, duplicates } : { value, duplicates, numbers };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    if (error instanceof TooDeep) throw new DocumentError(`yaml: ${tooDeep}`, { cause: error });
    return undefined;
  }
}

const tooLargeText = /\de\+?\d{3}/i;

/** A number that is too large for Go stays what was written; `.inf` is a number of YAML. */
function keepTooLargeTexts(document: Document.Parsed, yaml: typeof YamlModule): void {
  yaml.visit(document, {
    Scalar(_key, node) {
      const { source = '', value } = node;
      if (typeof value === 'number' && Math.abs(value) === Infinity && !/inf/i.test(source)) node.value = source;
    },
  });
}

const isUnsafeInteger = (text: string): boolean => /^[-+]?\d+$/.test(text) && !Number.isSafeInteger(Number(text));

/** As Go's library puts it, where both notice the same. */
function yamlProblem({ code, message, pos }: YamlModule.YAMLError, text: string): string {
  if (message.startsWith('Maximum call stack')) return tooDeep;
  const line = text.slice(0, pos[0]).split('\n').length;
  // Go's library does not name the first line.
  if (code === 'BLOCK_AS_IMPLICIT_KEY') return `${line === 1 ? '' : `line ${line}: `}mapping values are not allowed in this context`;
  if (code === 'TAB_AS_INDENT') return `line ${line}: found character that cannot start any token`;
  if (code === 'BAD_INDENT' && message.startsWith('Flow')) {
    const last = text.trimEnd().split('\n').length;
    return `line ${last}: did not find expected node content`;
  }
  return `line ${line}: ${message}`;
}

/** Text that some reader takes for a number, a time or a truth is quoted. Readers of either version must take it as text. */
export async function yamlText(value: Json): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(value, { version: '1.1', aliasDuplicateObjects: false, lineWidth: 0 });
}

export interface DuplicateKey {
  readonly key: string;
  /** The line of the key's second occurrence; the first line is 1. */
  readonly line: number;
}

/** Keys that a map of the first document has twice. */
export async function yamlDuplicates(text: string): Promise<DuplicateKey[]> {
  const yaml = await import('yaml');
  const lineCounter = new yaml.LineCounter();
  const documents = yaml.parseAllDocuments(text, { version: '1.1', merge: true, uniqueKeys: false, prettyErrors: false, lineCounter });
  const found: DuplicateKey[] = [];
  const document = Array.isArray(documents) ? documents[0] : undefined;
  if (document === undefined) return found;
  yaml.visit(document, {
    Map(_place, { items }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        const name = yaml.isScalar(key) ? String(key.value) : String(key);
        const [start = 0] = (yaml.isNode(key) ? key.range : undefined) ?? [];
        if (seen.has(name) && name !== '<<') found.push({ key: name, line: lineCounter.linePos(start).line });
        seen.add(name);
      }
    },
  });
  return found;
}

function valueOf(document: Document.Parsed): Json {
  try {
    // The tags that are left make nothing but JSON.
    const value = withinStack(() => document.toJS({ maxAliasCount: 100 }) as Json);
    refuseForeign(value, 0);
    return value;
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw new DocumentError(`yaml: ${error.message}`, { cause: error });
  }
}

const tooDeep = `exceeded max depth of ${depthMax}`;

/** The library reads by recursion, too, and notes at times that it found no end. */
function withinStack<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new DocumentError(`yaml: ${tooDeep}`, { cause: error });
  }
}

/** An anchor within which its own alias stands. */
function refuseEndless(document: Document.Parsed, yaml: typeof YamlModule): void {
  yaml.visit(document, {
    Alias(_key, { source }, path) {
      if (path.some((node) => yaml.isCollection(node) && node.anchor === source))
        throw new DocumentError(`yaml: anchor '${source}' value contains itself`);
    },
  });
}

/** JSON has no such numbers, and none of our documents nest so deep. */
function refuseForeign(value: Json, depth: number): void {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new DocumentError(`json: unsupported value: ${Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'}`);
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth >= depthMax) throw new DocumentError(`yaml: ${tooDeep}`);
  for (const part of Object.values(value)) refuseForeign(part, depth + 1);
}

interface Walk {
  readonly yaml: typeof YamlModule;
  /** Collects the texts of integers that JavaScript cannot keep, by path. */
  readonly numbers: Map<string, string>;
}

function duplicatesOf(node: Node | null, path: string, walk: Walk): string[] {
  const { yaml, numbers } = walk;
  if (yaml.isScalar(node)) {
    const text = node.source ?? '';
    if (typeof node.value === 'number' && isUnsafeInteger(text)) numbers.set(path, text);
    return [];
  }
  if (yaml.isSeq(node)) {
    return node.items.flatMap((item, index) => (yaml.isNode(item) ? duplicatesOf(item, `${path}[${index}]`, walk) : []));
  }
  return yaml.isMap(node) ? duplicateKeys(node, path, walk) : [];
}

function duplicateKeys(map: YAMLMap, path: string, walk: Walk): string[] {
  const { yaml } = walk;
  const seen = new Set<string>();
  return map.items.flatMap(({ key, value }) => {
    const name = yaml.isScalar(key) ? String(key.value) : String(key);
    const field = path === '' ? name : `${path}.${name}`;
    const found = seen.has(name) && name !== '<<' ? [field] : [];
    seen.add(name);
    return [...found, ...(yaml.isNode(value) ? duplicatesOf(value, field, walk) : [])];
  });
}
