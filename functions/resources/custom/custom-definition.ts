/**
 * A CustomResourceDefinition as the kind that it declares. Source: apiextensions-apiserver,
 * pkg/apiserver/customresource_handler.go, pkg/registry/customresource/strategy.go.
 */
import { copy } from '../../kube/copy.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  CustomResourceSubresourceScale,
} from '../../kube/generated/types.ts';
import { type FieldError, type FieldErrorType, invalid } from '../../kube/field-error.ts';
import { parseJsonPath, valuesAt } from '../../kube/json-path.ts';
import { apiVersionOf, type ResourceType } from '../../kube/resource-type.ts';
import type { Json, JsonObject, KubeObject } from '../../kube/object.ts';
import { type Schema, type SchemaNode, structuralSchema } from '../../kube/schema.ts';
import type { AnyDefinition, OwnFields, Conversion, ScaleSource, ServedVersion } from '../definition.ts';
import { customColumns } from './columns.ts';
import { loadPatterns } from '../../kube/patterns.ts';
import { expressionRules, loadExpressions } from './expressions.ts';
import { valueErrors } from './value-validation.ts';
import { convertedBy, webhookConvert } from './webhook-conversion.ts';

/** Undefined where no version is stored: such a definition is refused, but one of an earlier time may be there. */
export function customDefinition(crd: CustomResourceDefinition): AnyDefinition | undefined {
  const { spec, status } = crd;
  const names = status?.acceptedNames ?? spec.names;
  const stored = spec.versions.find(({ storage }) => storage);
  if (stored === undefined) return undefined;
  const typeAt = (version: string): ResourceType => ({
    group: spec.group,
    version,
    resource: names.plural,
    kind: names.kind,
    namespaced: spec.scope === 'Namespaced',
  });
  const type = typeAt(stored.name);
  const schema = schemaOf(crd, stored);
  const convert = webhookConvert(crd);
  const conversionOf = (served: ResourceType, servedSchema: Schema): Conversion =>
    convert === undefined
      ? renamed(served, type, servedSchema)
      : convertedBy(convert, served, type, { served: servedSchema, stored: schema });
  return {
    type,
    isServed: stored.served,
    otherVersions: spec.versions
      .filter((version) => version.served && !version.storage)
      .map((version) => servedVersion(typeAt(version.name), schemaOf(crd, version), version, conversionOf)),
    // Objects that were stored under another version stay so until they are written again.
    ...(spec.versions.length > 1 ? { storedConversion: conversionOf(type, schema) } : {}),
    isConvertedByWebhook: convert !== undefined,
    schema,
    etcdPrefix: `/${spec.group}/${names.plural}`,
    singular: names.singular ?? names.kind.toLowerCase(),
    listKind: names.listKind ?? `${names.kind}List`,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    columns: customColumns(stored.additionalPrinterColumns),
    hasGeneration: true,
    hasStrategicMerge: false,
    ...statusOf(stored),
    ...scaleOf(stored.subresources?.scale),
    ...deprecationOf(stored, type),
    ...selectableOf(stored),
    ...validationOf(schema, stored),
  };
}

type StoredObject = KubeObject & JsonObject;

function validationOf(schema: Schema, version: CustomResourceDefinitionVersion): Partial<AnyDefinition> {
  const rules = expressionRules((version.schema?.openAPIV3Schema ?? {}) as SchemaNode);
  const errors = (next: KubeObject, current: KubeObject | undefined): readonly FieldError[] => {
    const found = valueErrors(schema.node, next as StoredObject, '', current as StoredObject | undefined);
    if (rules === undefined) return found;
    if (found.some(({ type }) => blocking.has(type))) return [...found, notChecked];
    return [...found, ...rules.errors(next as StoredObject, current as StoredObject | undefined)];
  };
  return {
    validate: errors,
    validateStatusUpdate: errors,
    ...(rules === undefined
      ? { load: loadPatterns }
      : { load: loadExpressions, warnings: (next, current) => rules.warnings(next as StoredObject, current as StoredObject | undefined) }),
  };
}

/** Errors that leave no sound value for rules to look at. Source: pkg/registry/customresource/strategy.go, hasBlockingErr. */
const blocking: ReadonlySet<FieldErrorType> = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);
const notChecked: FieldError = invalid(
  '<nil>',
  null,
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
);

function servedVersion(
  type: ResourceType,
  schema: Schema,
  version: CustomResourceDefinitionVersion,
  conversionOf: (served: ResourceType, schema: Schema) => Conversion,
): ServedVersion {
  return {
    type,
    schema,
    conversion: conversionOf(type, schema),
    columns: customColumns(version.additionalPrinterColumns),
    ownFields: ownFieldsOf(version),
    ...deprecationOf(version, type),
  };
}

/** The conversion strategy None changes the apiVersion; what the served version does not know is not shown. */
const renamed = (served: ResourceType, stored: ResourceType, schema: Schema): Conversion => ({
  toStored: (object) => ({ ...object, apiVersion: apiVersionOf(stored) }),
  fromStored: (object) =>
    object.apiVersion === apiVersionOf(served)
      ? object
      : {
          ...(schema.decode(copy(object) as KubeObject & JsonObject).object as KubeObject & JsonObject),
          apiVersion: apiVersionOf(served),
        },
});

const text: SchemaNode = { type: 'string' };
const identity: Readonly<Record<string, SchemaNode>> = {
  apiVersion: text,
  kind: text,
  metadata: { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
};

function schemaOf({ spec }: CustomResourceDefinition, { name, schema }: CustomResourceDefinitionVersion): Schema {
  const node = (schema?.openAPIV3Schema ?? {}) as SchemaNode;
  const group = spec.group.split('.').toReversed().join('.');
  return structuralSchema(`${group}.${name}.${spec.names.kind}`, {
    ...node,
    type: 'object',
    properties: { ...node.properties, ...identity },
  });
}

function statusOf({ subresources }: CustomResourceDefinitionVersion): Partial<AnyDefinition> {
  if (subresources?.status === undefined) return {};
  return {
    hasStatus: true,
    resetFields: { status: ['metadata', 'spec'] },
    prepareForCreate(object) {
      delete object.status;
    },
  };
}

function deprecationOf(
  { deprecated, deprecationWarning }: CustomResourceDefinitionVersion,
  type: ResourceType,
): { readonly deprecation?: string } {
  if (deprecated !== true) return {};
  return { deprecation: deprecationWarning ?? `${apiVersionOf(type)} ${type.kind} is deprecated` };
}

function ownFieldsOf({ selectableFields = [] }: CustomResourceDefinitionVersion): OwnFields {
  const fields = selectableFields.map(({ jsonPath }) => ({ name: jsonPath.replace(/^\./, ''), path: parseJsonPath(jsonPath) ?? [] }));
  return {
    names: fields.map(({ name }) => name),
    of: (object) => Object.fromEntries(fields.map(({ name, path }) => [name, textAt(object, path)])),
  };
}

function selectableOf(version: CustomResourceDefinitionVersion): Partial<AnyDefinition> {
  const { names, of } = ownFieldsOf(version);
  return names.length === 0 ? {} : { selectableFields: names, fields: of };
}

function textAt(object: KubeObject, path: ReturnType<typeof parseJsonPath>): string {
  const [value] = path === undefined ? [] : valuesAt(object as KubeObject & JsonObject, path);
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function scaleOf(scale: CustomResourceSubresourceScale | undefined): { readonly scale?: ScaleSource<KubeObject> } {
  if (scale === undefined) return {};
  const at = (object: KubeObject, path: string): Json | undefined =>
    valuesAt(object as KubeObject & JsonObject, parseJsonPath(path) ?? [])[0];
  const numberAt = (object: KubeObject, path: string): number => {
    const value = at(object, path);
    return typeof value === 'number' ? value : 0;
  };
  return {
    scale: {
      replicasPath: scale.specReplicasPath.replace(/^\./, ''),
      specReplicas: (object) => numberAt(object, scale.specReplicasPath),
      statusReplicas: (object) => numberAt(object, scale.statusReplicasPath),
      selector: (object) => textAt(object, parseJsonPath(scale.labelSelectorPath ?? '')),
      setReplicas: (object, replicas) => setAt(object as KubeObject & JsonObject, scale.specReplicasPath, replicas),
    },
  };
}

/** Paths of scales name fields only. */
function setAt(object: JsonObject, path: string, value: Json): void {
  const names = path.split('.').filter((name) => name !== '');
  let target: JsonObject = object;
  for (const name of names.slice(0, -1)) {
    const part = target[name];
    const next: JsonObject = typeof part === 'object' && part !== null && !Array.isArray(part) ? part : {};
    target[name] = next;
    target = next;
  }
  target[names.at(-1) ?? ''] = value;
}
