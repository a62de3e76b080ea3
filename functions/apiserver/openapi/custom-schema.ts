/**
 * The schema of a custom kind as OpenAPI documents show it. Version 2 leaves out what its readers, kubectl above all, would
 * misunderstand. Source: apiextensions-apiserver, pkg/controller/openapi/builder/builder.go, pkg/controller/openapi/v2/conversion.go.
 */
import { type Json, type JsonObject, isJsonObject } from '../../kube/object.ts';
import { type Descriptions, withDescriptions } from './descriptions.ts';
import type { Dialect } from './schemas.ts';

const objectMeta = { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' };
const text = { type: 'string' };
/** Has the fields that every kind has, so that its texts describe theirs. */
const describedKind = 'io.k8s.api.core.v1.ConfigMap';
/** Upstream's tests match these words; the generators of clients drop what stands beside a reference. */
const metadataText = "Standard object's metadata.";

export function customSchema(node: JsonObject, dialect: Dialect, texts: Descriptions): JsonObject {
  // Its readers would take every field that is not named for an unknown one.
  if (dialect === 'v2' && isOpen(node)) return { type: 'object' };
  const { apiVersion, kind } = texts[describedKind] ?? {};
  const isDescribed = apiVersion !== undefined && kind !== undefined;
  const described: Texts = isDescribed ? { apiVersion, kind, metadata: metadataText } : {};
  return withDescriptions(published(node, dialect, described), described);
}

const isOpen = (node: JsonObject): boolean => node['x-kubernetes-preserve-unknown-fields'] === true;

type Texts = Readonly<Record<string, string>>;

function published(node: JsonObject, dialect: Dialect, texts: Texts): JsonObject {
  const own = dialect === 'v2' ? plain(node) : node;
  const { properties, items, additionalProperties } = own;
  const part = (value: Json | undefined): Json | undefined => (isJsonObject(value) ? published(value, dialect, texts) : value);
  const result: JsonObject = { ...own };
  if (isJsonObject(properties)) {
    result['properties'] = Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, part(one) ?? null]));
  }
  if (items !== undefined) result['items'] = part(items) ?? null;
  if (additionalProperties !== undefined) result['additionalProperties'] = part(additionalProperties) ?? null;
  const isEmbedded = own['x-kubernetes-embedded-resource'] === true && !(dialect === 'v2' && isOpen(own));
  return isEmbedded ? withIdentity(result, texts) : result;
}

/** An object inside the object has apiVersion and kind, too. */
function withIdentity(schema: JsonObject, texts: Texts): JsonObject {
  const { properties, required } = schema;
  const known = isJsonObject(properties) ? properties : {};
  const wanted = Array.isArray(required) ? required : [];
  const all = { ...known, apiVersion: text, kind: text, metadata: objectMeta };
  const missing = ['kind', 'apiVersion'].filter((name) => !wanted.includes(name));
  return withDescriptions({ ...schema, properties: all, required: [...wanted, ...missing] }, texts);
}

const junctors = ['allOf', 'anyOf', 'oneOf', 'not', 'nullable'];

function plain(node: JsonObject): JsonObject {
  const result: JsonObject = Object.fromEntries(Object.entries(node).filter(([field]) => !junctors.includes(field)));
  const isNullable = node['nullable'] === true;
  if (isNullable || isOpen(node)) {
    delete result['items'];
    delete result['properties'];
  }
  const isBareList = result['type'] === 'array' && result['items'] === undefined;
  if (isNullable || isBareList || (isOpen(node) && result['type'] === 'object')) delete result['type'];
  return withoutNullables(result);
}

/** A field that may be null cannot be required. */
function withoutNullables(result: JsonObject): JsonObject {
  const { properties, additionalProperties, required } = result;
  if (!Array.isArray(required)) return result;
  const isNullable = (one: Json | undefined): boolean => isJsonObject(one) && one['nullable'] === true;
  const left = isNullable(additionalProperties)
    ? []
    : required.filter((name) => !(typeof name === 'string' && isJsonObject(properties) && isNullable(properties[name])));
  const { required: _all, ...rest } = result;
  return left.length === 0 ? rest : { ...rest, required: left };
}
