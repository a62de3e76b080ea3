/** A schema as upstream's errors print it: the fields of its Go struct. Source: apiextensions-apiserver, pkg/apis/apiextensions/types_jsonschema.go. */
import { type Json, type JsonObject, isJsonObject } from '../../../kube/object.ts';
import type { SchemaNode } from '../../../kube/schema.ts';
import type { ValidationRule } from '../../../kube/schema-definitions.ts';
import { internalRule } from '../../custom/expressions/rule-form.ts';

/** Field of the struct → ours, and what it is when nothing is there. */
const fields: readonly (readonly [name: string, own: string, absent: Json])[] = [
  ['ID', 'id', ''],
  ['Schema', '$schema', ''],
  ['Ref', '$ref', null],
  ['Description', 'description', ''],
  ['Type', 'type', ''],
  ['Nullable', 'nullable', false],
  ['Format', 'format', ''],
  ['Title', 'title', ''],
  ['Default', 'default', null],
  ['Maximum', 'maximum', null],
  ['ExclusiveMaximum', 'exclusiveMaximum', false],
  ['Minimum', 'minimum', null],
  ['ExclusiveMinimum', 'exclusiveMinimum', false],
  ['MaxLength', 'maxLength', null],
  ['MinLength', 'minLength', null],
  ['Pattern', 'pattern', ''],
  ['MaxItems', 'maxItems', null],
  ['MinItems', 'minItems', null],
  ['UniqueItems', 'uniqueItems', false],
  ['MultipleOf', 'multipleOf', null],
  ['Enum', 'enum', null],
  ['MaxProperties', 'maxProperties', null],
  ['MinProperties', 'minProperties', null],
  ['Required', 'required', null],
  ['Items', 'items', null],
  ['AllOf', 'allOf', null],
  ['OneOf', 'oneOf', null],
  ['AnyOf', 'anyOf', null],
  ['Not', 'not', null],
  ['Properties', 'properties', null],
  ['AdditionalProperties', 'additionalProperties', null],
  ['PatternProperties', 'patternProperties', null],
  ['Dependencies', 'dependencies', null],
  ['AdditionalItems', 'additionalItems', null],
  ['Definitions', 'definitions', null],
  ['ExternalDocs', 'externalDocs', null],
  ['Example', 'example', null],
  ['XPreserveUnknownFields', 'x-kubernetes-preserve-unknown-fields', null],
  ['XEmbeddedResource', 'x-kubernetes-embedded-resource', false],
  ['XIntOrString', 'x-kubernetes-int-or-string', false],
  ['XListMapKeys', 'x-kubernetes-list-map-keys', null],
  ['XListType', 'x-kubernetes-list-type', null],
  ['XMapType', 'x-kubernetes-map-type', null],
  ['XValidations', 'x-kubernetes-validations', null],
];

export const internalSchema = (node: SchemaNode): JsonObject => internal(node as object as JsonObject);

const internal = (node: JsonObject): JsonObject =>
  Object.fromEntries(fields.map(([name, own, absent]) => [name, part(name, node[own]) ?? absent]));

function part(name: string, value: Json | undefined): Json | undefined {
  switch (name) {
    case 'Items':
      if (Array.isArray(value))
        return { Schema: null, JSONSchemas: value.length === 0 ? null : value.map((one) => (isJsonObject(one) ? internal(one) : one)) };
      return isJsonObject(value) ? { Schema: internal(value), JSONSchemas: null } : value;
    case 'AdditionalProperties':
    case 'AdditionalItems':
      return isJsonObject(value)
        ? { Allows: true, Schema: internal(value) }
        : typeof value === 'boolean'
          ? { Allows: value, Schema: null }
          : value;
    case 'Not':
      return isJsonObject(value) ? internal(value) : value;
    case 'AllOf':
    case 'OneOf':
    case 'AnyOf':
      return Array.isArray(value) ? value.map((one) => (isJsonObject(one) ? internal(one) : one)) : value;
    case 'Properties':
    case 'PatternProperties':
    case 'Definitions':
      return isJsonObject(value)
        ? Object.fromEntries(
            Object.keys(value)
              .toSorted()
              .map((key) => [key, isJsonObject(value[key]) ? internal(value[key]) : (value[key] ?? null)]),
          )
        : value;
    case 'XValidations':
      return Array.isArray(value) ? value.map((rule) => internalRule(rule as object as ValidationRule)) : value;
    default:
      return value;
  }
}
