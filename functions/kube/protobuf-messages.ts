/** The table of all protobuf messages, and how their names and fields are called in the schema and in JSON. */
import { generatedTable } from './generated-table.ts';
import { definitionOf, schemaFor } from './schema-definitions.ts';

type FieldTable = Readonly<Record<string, readonly (number | string)[]>>;

const messages = generatedTable<FieldTable>('protobuf');

/** `k8s` and a zero byte come before every message. */
export const magic = [0x6b, 0x38, 0x73, 0x00];
export const extensionsPackage = 'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1';
export const metaPackage = 'k8s.io.apimachinery.pkg.apis.meta.v1';

/** A message, and the schema whose fields it holds. */
export interface MessageType {
  readonly message: string;
  readonly schemaName: string;
}

/** Parts of a protobuf package's name have no dashes. */
const messageNameOf = (schemaName: string): string => schemaName.replace(/^io\.k8s\./, 'k8s.io.').replaceAll('-', '_');
const schemaNameOf = (message: string): string =>
  message
    .replace(/^k8s\.io\./, 'io.k8s.')
    .replace('.apiextensions_apiserver.', '.apiextensions-apiserver.')
    .replace('.kube_aggregator.', '.kube-aggregator.');

export const messageTypeOf = (message: string): MessageType => ({ message, schemaName: schemaNameOf(message) });

/** The message of a built-in kind. */
export function messageOfKind(apiVersion: string, kind: string): MessageType | undefined {
  const schemaName = schemaFor(apiVersion, kind) ?? schemaNameOf(`${metaPackage}.${kind}`);
  const message = messageNameOf(schemaName);
  return messages().has(message) ? { message, schemaName } : undefined;
}

export interface MessageField {
  readonly number: number;
  /** In JSON. Undefined: Go inlines the message, whose fields stand among those of the struct around it. */
  readonly name: string | undefined;
  readonly shape: 'single' | 'list' | 'map';
  /** The type of the field, an item or an entry's value: a scalar's name, or a message's full name. */
  readonly type: string;
}

/** The fields of a message. One whose fields Go inlines into another struct counts as part of that struct's schema. */
export function messageFields({ message, schemaName }: MessageType): MessageField[] {
  return Object.entries(messages().get(message) ?? {}).map(([field, [number, type]]) => {
    const [, isMap, isList, inner = ''] = /^(map<string,)?(\[\])?(.*?)>?$/.exec(String(type)) ?? [];
    return {
      number: Number(number),
      name: jsonName(schemaName, field),
      shape: isMap !== undefined ? 'map' : isList !== undefined ? 'list' : 'single',
      type: scalars.has(inner) ? inner : absolute(inner, message),
    };
  });
}

const scalars: ReadonlySet<string> = new Set(['string', 'bytes', 'bool', 'int32', 'int64', 'double']);

/** The field's name in the schema, which differs in case at times; undefined when Go inlines the field. */
function jsonName(schemaName: string, name: string): string | undefined {
  const { properties } = definitionOf(schemaName);
  if (properties === undefined) return name;
  // JSON Schema has names that Go's fields cannot have.
  const spelled = [name, `$${name}`, name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)];
  const found = spelled.find((one) => Object.hasOwn(properties, one));
  if (found !== undefined) return found;
  return Object.keys(properties).find((other) => other.toLowerCase() === name.toLowerCase());
}

/** `.k8s.io.x` is absolute; a bare name is of the message's own package. */
const absolute = (type: string, message: string): string =>
  type.startsWith('.') ? type.slice(1) : message.slice(0, message.lastIndexOf('.') + 1) + type;
