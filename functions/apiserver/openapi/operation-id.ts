/**
 * Names of operations, after which generated clients name their functions: `createAppsV1NamespacedDeployment`.
 * Source: apiserver, pkg/endpoints/installer.go (registerResourceHandlers) and kubernetes, pkg/controlplane (OpenAPI tags).
 */
import type { ResourceType } from '../../kube/resource-type.ts';

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
const camel = (text: string): string => text.split(/[.-]/).map(capital).join('');

const shortGroup = (group: string): string => (group === '' ? 'core' : group.replace(/\.k8s\.io$/, ''));

/** `core_v1`, `rbacAuthorization_v1`: what generated clients group their functions by. */
export const tagOf = (group: string, version: string): string => {
  const name = camel(shortGroup(group));
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}_${version}`;
};

/** `AppsV1`. */
export const groupVersionName = (group: string, version: string): string => camel(shortGroup(group)) + capital(version);

const verbNames: Readonly<Record<string, string>> = { get: 'read', update: 'replace', deletecollection: 'deleteCollection' };

export interface OperationName {
  readonly type: ResourceType;
  readonly verb: string;
  readonly subresource?: string;
  readonly isConnect?: boolean;
  readonly allNamespaces?: boolean;
}

export function operationId({ type, verb, subresource = '', isConnect = false, allNamespaces = false }: OperationName): string {
  const place = type.namespaced && !allNamespaces ? 'Namespaced' : '';
  const groupVersion = groupVersionName(type.group, type.version);
  const tail = `${place}${type.kind}${camel(subresource)}${allNamespaces ? 'ForAllNamespaces' : ''}`;
  if (isConnect) return `connect${groupVersion}${verb === 'create' ? 'Post' : 'Get'}${tail}`;
  return `${verbNames[verb] ?? verb}${groupVersion}${tail}`;
}

export function proxyOperationId({ group, version, kind, namespaced }: ResourceType, method: string, withPath: boolean): string {
  const tail = `${namespaced ? 'Namespaced' : ''}${kind}Proxy${withPath ? 'WithPath' : ''}`;
  return `connect${groupVersionName(group, version)}${capital(method)}${tail}`;
}
