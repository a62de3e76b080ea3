/**
 * A CustomResourceDefinition as the kind that it declares: what discovery and the store must know of it. What reads and
 * writes of its objects need is loaded with the first request for it. Source: apiextensions-apiserver,
 * pkg/apiserver/customresource_handler.go, pkg/registry/customresource/strategy.go.
 */
import { compareApiVersions } from '../../kube/api-version.ts';
import { copy } from '../../kube/copy.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  CustomResourceSubresourceScale,
} from '../../kube/generated/types.ts';
import { isJsonObject, type Json, type JsonObject, type KubeObject } from '../../kube/object.ts';
import { apiVersionOf, type ResourceType } from '../../kube/resource-type.ts';
import { type Schema, type SchemaNode, structuralSchema } from '../../kube/schema.ts';
import type { AnyDefinition, Conversion, Definition, ScaleSource, ServedVersion } from '../definition.ts';
import { convertedBy, webhookConvert } from './webhook-conversion.ts';

/** A version of a custom kind, with what is loaded later. */
export interface CustomVersion {
  readonly version: CustomResourceDefinitionVersion;
  readonly type: ResourceType;
  readonly schema: Schema;
  readonly conversion: Conversion;
}

type Made = { -readonly [Field in keyof Definition]: Definition[Field] };
type MadeVersion = { -readonly [Field in keyof ServedVersion]: ServedVersion[Field] };

/**
 * Undefined where no version is stored: such a definition is refused, but one of an earlier time may be there.
 * `revision` is that of the definition: objects that were written later need not be read by its schemas again.
 */
export function customDefinition(crd: CustomResourceDefinition, revision = 0): AnyDefinition | undefined {
  const { spec, status } = crd;
  const names = status?.acceptedNames ?? spec.names;
  const versions = versionsOf(crd, revision);
  const stored = versions.find(({ version }) => version.storage);
  if (stored === undefined) return undefined;
  const { version, type, schema } = stored;
  const others = versions.filter((one) => one !== stored && one.version.served);
  const made: Made = {
    type,
    isServed: version.served,
    storedConversion: stored.conversion,
    otherVersions: others.map((one) => servedVersion(crd, one)),
    isConvertedByWebhook: spec.conversion?.strategy === 'Webhook',
    schema,
    etcdPrefix: `/${spec.group}/${names.plural}`,
    singular: names.singular ?? names.kind.toLowerCase(),
    listKind: names.listKind ?? `${names.kind}List`,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    columns: [],
    hasGeneration: true,
    hasStrategicMerge: false,
    allowsUnconditionalUpdate: false,
    ...statusOf(stored),
    ...scaleOf(version.subresources?.scale),
    ...deprecationOf(crd, version),
    ...selectableOf(version),
    async load() {
      const { customBehaviour } = await import('./custom-behaviour.ts');
      await customBehaviour(made, stored, versions);
      for (const other of made.otherVersions ?? []) {
        const own = others.find((one) => one.type === other.type);
        if (own !== undefined) Object.assign(other, (await import('./custom-behaviour.ts')).versionBehaviour(own.version));
      }
      made.load = () => Promise.resolve();
    },
  };
  return made;
}

function versionsOf(crd: CustomResourceDefinition, revision: number): CustomVersion[] {
  const { spec, status } = crd;
  const names = status?.acceptedNames ?? spec.names;
  const convert = webhookConvert(crd);
  const known = spec.versions.map((version) => {
    const type = {
      group: spec.group,
      version: version.name,
      resource: names.plural,
      kind: names.kind,
      namespaced: spec.scope === 'Namespaced',
    };
    return { version, type, schema: schemaOf(crd, version) };
  });
  const schemas = new Map(known.map(({ type, schema }) => [apiVersionOf(type), schema]));
  const stored = known.find(({ version }) => version.storage);
  return known.map((one): CustomVersion => {
    const target = stored ?? one;
    const conversion =
      convert === undefined
        ? renamed({ type: one.type, schema: one.schema, stored: target.type, schemas, revision })
        : convertedBy(convert, one.type, target.type, { served: one.schema, stored: target.schema });
    return { ...one, conversion };
  });
}

interface Renaming {
  readonly type: ResourceType;
  readonly schema: Schema;
  readonly stored: ResourceType;
  readonly schemas: ReadonlyMap<string, Schema>;
  readonly revision: number;
}

type PlainObject = KubeObject & JsonObject;

/**
 * The conversion strategy None changes the apiVersion, and prunes by the schema of the version that comes out. Objects
 * from before the definition last changed are pruned and defaulted by the schema of their stored version.
 */
function renamed({ type, schema, stored, schemas, revision }: Renaming): Conversion {
  const [apiVersion, storedApiVersion] = [apiVersionOf(type), apiVersionOf(stored)];
  const isCurrent = (objectRevision: number): boolean => apiVersion === storedApiVersion && objectRevision > revision;
  const pruned = (object: KubeObject, by: Schema | undefined, to: string, hasDefaults: boolean): KubeObject => {
    const read = by === undefined ? copy(object) : by.decode(object as PlainObject, { hasDefaults }).object;
    return { ...(read as PlainObject), apiVersion: to };
  };
  return {
    isCurrent,
    toStored: (object) => object,
    committed: (object) =>
      apiVersion === storedApiVersion
        ? object
        : pruned(pruned(object, schema, apiVersion, false), schemas.get(storedApiVersion), storedApiVersion, true),
    fromStored(object) {
      const objectRevision = Number(object.metadata.resourceVersion ?? Number.NaN);
      const isFresh = !(objectRevision <= revision);
      const from = object.apiVersion ?? '';
      if (from === apiVersion && isFresh) return object;
      const read = isFresh ? object : pruned(object, schemas.get(from), from, true);
      return from === apiVersion ? read : pruned(read, schema, apiVersion, false);
    },
  };
}

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

function servedVersion(crd: CustomResourceDefinition, { version, type, schema, conversion }: CustomVersion): ServedVersion {
  const made: MadeVersion = { type, schema, conversion, columns: [], ...deprecationOf(crd, version) };
  const { selectableFields = [] } = version;
  made.ownFields = { names: selectableFields.map(nameOfField), of: () => ({}) };
  return made;
}

const nameOfField = ({ jsonPath }: { readonly jsonPath: string }): string => jsonPath.replace(/^\./, '');

function statusOf({ version: { subresources }, schema }: CustomVersion): Partial<AnyDefinition> {
  if (subresources?.status === undefined) return {};
  const statusNode = schema.node.properties?.['status'];
  return {
    hasStatus: true,
    resetFields: { status: ['metadata', 'spec'] },
    prepareForCreate(object) {
      delete object.status;
      // A default of the status is filled in after what the client sent has gone.
      if (statusNode?.default === undefined) return;
      const { status } = schema.decode(object as PlainObject).object;
      if (status !== undefined) object.status = status;
    },
  };
}

/** Source: customresource_handler.go, defaultDeprecationWarning. */
function deprecationOf({ spec }: CustomResourceDefinition, version: CustomResourceDefinitionVersion): { readonly deprecation?: string } {
  if (version.deprecated !== true) return {};
  if (version.deprecationWarning !== undefined) return { deprecation: version.deprecationWarning };
  const newer = spec.versions
    .filter(({ served, deprecated, name }) => served && deprecated !== true && compareApiVersions(name, version.name) < 0)
    .map(({ name }) => name)
    .toSorted(compareApiVersions)[0];
  const { kind } = spec.names;
  const use = newer === undefined ? '' : `; use ${spec.group}/${newer} ${kind}`;
  return { deprecation: `${spec.group}/${version.name} ${kind} is deprecated${use}` };
}

function selectableOf({ selectableFields = [] }: CustomResourceDefinitionVersion): Partial<AnyDefinition> {
  return selectableFields.length === 0 ? {} : { selectableFields: selectableFields.map(nameOfField) };
}

/** Paths of scales name fields only. */
const namesIn = (path: string): string[] => path.replace(/^\./, '').split('.');

function valueAt(object: KubeObject, path: string): Json | undefined {
  let value: Json | undefined = object as PlainObject;
  for (const name of namesIn(path)) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

function scaleOf(scale: CustomResourceSubresourceScale | undefined): { readonly scale?: ScaleSource<KubeObject> } {
  if (scale === undefined) return {};
  const numberAt = (object: KubeObject, path: string): number => {
    const value = valueAt(object, path);
    return typeof value === 'number' ? value : 0;
  };
  return {
    scale: {
      replicasPath: scale.specReplicasPath.replace(/^\./, ''),
      specReplicas: (object) => numberAt(object, scale.specReplicasPath),
      statusReplicas: (object) => numberAt(object, scale.statusReplicasPath),
      selector(object) {
        const value = valueAt(object, scale.labelSelectorPath ?? '');
        return typeof value === 'string' ? value : '';
      },
      setReplicas: (object, replicas) => setAt(object as PlainObject, scale.specReplicasPath, replicas),
    },
  };
}

function setAt(object: JsonObject, path: string, value: Json): void {
  const names = namesIn(path);
  let target: JsonObject = object;
  for (const name of names.slice(0, -1)) {
    const part = target[name];
    const next: JsonObject = isJsonObject(part) ? part : {};
    target[name] = next;
    target = next;
  }
  target[names.at(-1) ?? ''] = value;
}
