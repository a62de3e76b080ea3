/**
 * The documents of discovery: one for everything (aggregated), and the older ones for each group and version.
 * Source: kubernetes/api, apidiscovery/v2/types.go; apimachinery, pkg/apis/meta/v1/types.go.
 */
import type { ResponseKind, ServedGroup, ServedResource, ServedSubresource, ServedGroupVersion } from './api-resources.ts';

const scopeOf = ({ type }: ServedResource): string => (type.namespaced ? 'Namespaced' : 'Cluster');

/** `apidiscovery.k8s.io/v2`, and v2beta1, which has the same fields. */
export function aggregatedDocument(groups: readonly ServedGroup[], version: 'v2' | 'v2beta1'): object {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(({ group, versions }) => ({
      metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
      versions: versions.map(({ version: name, resources, isStale = false }) => ({
        version: name,
        resources: resources.map(aggregatedResource),
        freshness: isStale ? 'Stale' : 'Current',
      })),
    })),
  };
}

function aggregatedResource(resource: ServedResource): object {
  const { type, singular, verbs, shortNames, categories, subresources } = resource;
  return {
    resource: type.resource,
    responseKind: { group: type.group, version: type.version, kind: type.kind },
    scope: scopeOf(resource),
    singularResource: singular,
    verbs: verbs.toSorted(),
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(subresources.length === 0 ? {} : { subresources: subresources.map(aggregatedSubresource) }),
  };
}

const aggregatedSubresource = ({ name, responseKind, verbs }: ServedSubresource): object => ({
  subresource: name,
  responseKind,
  verbs: verbs.toSorted(),
});

export const coreVersionsDocument = (groups: readonly ServedGroup[]): object => ({
  kind: 'APIVersions',
  versions: groups.filter(({ group }) => group === '').flatMap(({ versions }) => versions.map(({ version }) => version)),
  serverAddressByClientCIDRs: [],
});

export const groupListDocument = (groups: readonly ServedGroup[]): object => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: groups.filter(({ group }) => group !== '').map(apiGroup),
});

export const groupDocument = (group: ServedGroup): object => ({ kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(group) });

function apiGroup({ group, versions }: ServedGroup): object {
  const named = versions.map(({ version }) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: named, preferredVersion: named[0] };
}

export function resourceListDocument(group: string, { version, resources }: ServedGroupVersion): object {
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources: resources.flatMap((resource) => [
      apiResource(resource),
      ...resource.subresources.map((one) => apiSubresource(resource, one)),
    ]),
  };
}

const apiResource = ({ type, singular, verbs, shortNames, categories }: ServedResource): object => ({
  name: type.resource,
  singularName: singular,
  namespaced: type.namespaced,
  kind: type.kind,
  verbs: verbs.toSorted(),
  ...(shortNames.length === 0 ? {} : { shortNames }),
  ...(categories.length === 0 ? {} : { categories }),
});

const apiSubresource = ({ type }: ServedResource, { name, verbs, responseKind }: ServedSubresource): object => ({
  name: `${type.resource}/${name}`,
  singularName: '',
  namespaced: type.namespaced,
  ...(isForeign(responseKind, type) ? { group: responseKind.group, version: responseKind.version } : {}),
  kind: responseKind.kind,
  verbs: verbs.toSorted(),
});

const isForeign = (kind: ResponseKind, own: { readonly group: string; readonly version: string }): boolean =>
  kind.group !== own.group || kind.version !== own.version;
