/** What other servers serve, in the form in which discovery shows our own kinds. */
import { compareApiVersions } from '../../kube/api-version.ts';
import type { APIResource, APIResourceList } from '../../kube/generated/types.ts';
import type { ServedGroup, ServedGroupVersion, ServedResource, ServedSubresource } from '../discovery/api-resources.ts';
import { rankOfGroup } from '../discovery/api-resources.ts';
import type { RemoteService } from './remote-services.ts';

export interface RemoteDocuments {
  readonly resources: APIResourceList;
  /** Where its OpenAPI document of the group and version is. */
  readonly openApiPath: string | undefined;
}

export interface RemoteVersion extends ServedGroupVersion {
  readonly group: string;
  readonly groupPriority: number;
  readonly versionPriority: number;
}

function subresource(parent: RemoteService, { name, verbs, group, version, kind }: APIResource): ServedSubresource {
  const responseKind = { group: group ?? parent.group, version: version ?? parent.version, kind };
  return { name: name.split('/').slice(1).join('/'), verbs, responseKind, schema: '' };
}

function resource(service: RemoteService, own: APIResource, all: readonly APIResource[]): ServedResource {
  const { name, kind, namespaced, verbs, singularName, shortNames = [], categories = [] } = own;
  return {
    type: { group: service.group, version: service.version, resource: name, kind, namespaced },
    singular: singularName,
    verbs,
    shortNames,
    categories,
    schema: '',
    subresources: all.filter((one) => one.name.startsWith(`${name}/`)).map((one) => subresource(service, one)),
    returnsDeletedObject: false,
    createsOnUpdate: false,
  };
}

export function remoteVersion(service: RemoteService, documents: RemoteDocuments | undefined): RemoteVersion {
  const all = documents?.resources.resources ?? [];
  const { group, version, groupPriority, versionPriority } = service;
  return {
    group,
    groupPriority,
    versionPriority,
    version,
    // What is not reached is shown as it was.
    isStale: documents === undefined || !service.isAvailable,
    resources: all.filter(({ name }) => !name.includes('/')).map((one) => resource(service, one, all)),
  };
}

/** Ours and theirs, in the order of their priorities. */
export function mergedGroups(own: readonly ServedGroup[], remote: readonly RemoteVersion[]): readonly ServedGroup[] {
  if (remote.length === 0) return own;
  const foreign = [...Map.groupBy(remote, ({ group }) => group)].map(([group, versions]): { group: ServedGroup; rank: number } => ({
    group: mergedGroup(
      own.find((one) => one.group === group),
      group,
      versions,
    ),
    rank: Math.max(...versions.map(({ groupPriority }) => groupPriority)),
  }));
  const kept = own
    .filter(({ group }) => !foreign.some((one) => one.group.group === group))
    .map((group) => ({ group, rank: rankOfGroup(group.group) }));
  return [...kept, ...foreign].sort((a, b) => b.rank - a.rank).map(({ group }) => group);
}

function mergedGroup(own: ServedGroup | undefined, group: string, remote: readonly RemoteVersion[]): ServedGroup {
  const versions = [...(own?.versions ?? []).filter(({ version }) => !remote.some((one) => one.version === version)), ...remote];
  const priority = (one: ServedGroupVersion): number => ('versionPriority' in one ? Number(one.versionPriority) : 0);
  return { group, versions: versions.sort((a, b) => priority(b) - priority(a) || compareApiVersions(a.version, b.version)) };
}
