/** What is served, in the form of discovery: groups, versions, resources and their subresources. */
import { compareApiVersions } from '../../kube/api-version.ts';
import type { SchemaNode } from '../../kube/schema.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import type { ConnectSubresource, Subresource } from '../../resources/definition.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { VirtualResource } from '../ports.ts';
import type { ResourceIndex, ServedKind } from '../registry/resource-index.ts';
import { allVerbs } from '../verbs/resource-endpoint.ts';

export interface ServedGroup {
  readonly group: string;
  readonly versions: readonly ServedGroupVersion[];
}

export interface ServedGroupVersion {
  readonly version: string;
  readonly resources: readonly ServedResource[];
  /** True for a version of another server that cannot be reached now. */
  readonly isStale?: boolean;
}

/** GroupVersionKind of what an endpoint answers with. */
export interface ResponseKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface ServedResource {
  readonly type: ResourceType;
  readonly singular: string;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: readonly ServedSubresource[];
  /** Name of its OpenAPI definition. */
  readonly schema: string;
  /** The fields, where no generated table has them under that name. */
  readonly node?: () => SchemaNode;
  /** DELETE answers with the object, not with a Status. */
  readonly returnsDeletedObject: boolean;
  /** PUT creates what is not there. */
  readonly createsOnUpdate: boolean;
  /** False: no strategic merge patch is taken, as for custom kinds. Clients read that in the OpenAPI documents. */
  readonly hasStrategicMerge?: boolean;
}

export interface ServedSubresource {
  readonly name: string;
  readonly verbs: readonly string[];
  readonly responseKind: ResponseKind;
  /** Name of the OpenAPI definition of its body. */
  readonly schema: string;
  /** That of what a POST answers, where it is another. */
  readonly answerSchema?: string;
  /** A connection to the object, which carries no objects. */
  readonly connect?: Pick<ConnectSubresource, 'transport' | 'parameters'>;
  /** Another server answers every method there, and at all paths below. */
  readonly isProxy?: boolean;
}

/**
 * Which group an unqualified name resolves to depends on this order. Groups that are not in it come last, by name.
 * Source: kubernetes, pkg/controlplane/apiserver/aggregator.go, APIVersionPriorities.
 */
const groupOrder = [
  '',
  'apiregistration.k8s.io',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'scheduling.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'discovery.k8s.io',
  'resource.k8s.io',
  'flowcontrol.apiserver.k8s.io',
];

export function servedGroups({ kinds }: ResourceIndex, virtual: readonly VirtualResource[]): ServedGroup[] {
  const resources = [...kinds.map(servedKind), ...virtual.map(servedVirtual)];
  const byGroup = Map.groupBy(resources, ({ type }) => type.group);
  return [...byGroup]
    .sort(([a], [b]) => groupRank(a) - groupRank(b) || (a < b ? -1 : 1))
    .map(([group, ofGroup]) => ({ group, versions: versionsOf(ofGroup) }));
}

const groupRank = (group: string): number => (groupOrder.includes(group) ? groupOrder.indexOf(group) : groupOrder.length);

/** The priority that a group of ours has among those of other servers: built-in ones stand first, declared ones last. */
export const rankOfGroup = (group: string): number => (groupOrder.includes(group) ? builtInRank - groupOrder.indexOf(group) : declaredRank);
/** Source: kubernetes, pkg/controlplane/apiserver/aggregator.go and pkg/controlplane/controller/crdregistration. */
const builtInRank = 20_000;
const declaredRank = 1_000;

/** The preferred one first. */
function versionsOf(resources: readonly ServedResource[]): ServedGroupVersion[] {
  return [...Map.groupBy(resources, ({ type }) => type.version)]
    .sort(([a], [b]) => compareApiVersions(a, b))
    .map(([version, ofVersion]) => ({
      version,
      resources: ofVersion.toSorted((a, b) => (a.type.resource < b.type.resource ? -1 : 1)),
    }));
}

function servedKind(kind: ServedKind): ServedResource {
  const { definition, served } = kind;
  const { type, schema } = served;
  const { singular, verbs = allVerbs, shortNames = [], categories = [] } = definition;
  const { returnsDeletedObject = false, allowsCreateOnUpdate: createsOnUpdate = false } = definition;
  const subresources = subresourcesOf(kind);
  return {
    type,
    singular,
    verbs,
    shortNames,
    categories,
    schema: schema.name,
    node: () => schema.node,
    subresources,
    returnsDeletedObject,
    createsOnUpdate,
    hasStrategicMerge: definition.hasStrategicMerge !== false,
  };
}

const servedVirtual: (resource: VirtualResource) => ServedResource = ({ type, singular, verbs, schema }) => ({
  type,
  singular,
  verbs,
  shortNames: [],
  categories: [],
  schema: schema.name,
  subresources: [],
  returnsDeletedObject: false,
  createsOnUpdate: false,
});

const readAndWrite = ['get', 'patch', 'update'];

function subresourcesOf({ definition, served: { type, schema } }: ServedKind): ServedSubresource[] {
  const own: ResponseKind = { group: type.group, version: type.version, kind: type.kind };
  const served = (definition.subresources ?? []).map((subresource) => declared(subresource, own, schema.name));
  if (definition.hasStatus === true) served.push({ name: 'status', verbs: readAndWrite, responseKind: own, schema: schema.name });
  if (definition.scale !== undefined) {
    const responseKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
    served.push({ name: 'scale', verbs: readAndWrite, responseKind, schema: 'io.k8s.api.autoscaling.v1.Scale' });
  }
  return served.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function declared(subresource: Subresource<KubeObject>, own: ResponseKind, schema: string): ServedSubresource {
  const { name, verbs } = subresource;
  switch (subresource.kind) {
    case 'object':
      return {
        name,
        verbs,
        responseKind: subresource.body ?? own,
        schema: subresource.bodySchema?.name ?? schema,
        answerSchema: 'io.k8s.apimachinery.pkg.apis.meta.v1.Status',
      };
    case 'computed':
      return { name, verbs, responseKind: subresource.body, schema: subresource.bodySchema.name };
    case 'connect':
      return {
        name,
        verbs,
        responseKind: { group: own.group, version: own.version, kind: subresource.optionsKind },
        schema,
        connect: subresource,
      };
    case 'proxy':
      return {
        name,
        verbs,
        responseKind: { group: own.group, version: own.version, kind: subresource.optionsKind },
        schema,
        isProxy: true,
      };
    default:
      return subresource satisfies never;
  }
}
