/** The paths that are no resources, for the documents of discovery and the version. */
import type { JsonObject } from '../../kube/object.ts';
import { type Operation, operationDocument } from './operation.ts';
import { groupVersionName, tagOf } from './operation-id.ts';
import type { Dialect, NamedSchema } from './schemas.ts';

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';

export interface DiscoveryPath {
  readonly path: string;
  readonly operation: Operation;
  readonly schema: NamedSchema;
}

interface Document {
  readonly path: string;
  readonly id: string;
  readonly tag: string;
  readonly description: string;
  /** The kind of the document, in meta/v1. */
  readonly kind: string;
}

const discoveryPath = ({ path, id, tag, description, kind }: Document): DiscoveryPath => ({
  path,
  operation: {
    id,
    tag,
    description,
    query: [],
    answers: { '200': { description: 'OK', content: { 'application/json': `${meta}.${kind}` } } },
  },
  schema: { schema: `${meta}.${kind}`, kind: { group: '', version: 'v1', kind } },
});

export const coreVersionsPath = discoveryPath({
  path: '/api/',
  id: 'getCoreAPIVersions',
  tag: 'core',
  description: 'versions of the core group',
  kind: 'APIVersions',
});

export const groupListPath = discoveryPath({
  path: '/apis/',
  id: 'getAPIVersions',
  tag: 'apis',
  description: 'the groups that are served',
  kind: 'APIGroupList',
});

export const groupPath = (group: string): DiscoveryPath =>
  discoveryPath({
    path: `/apis/${group}/`,
    id: `get${groupVersionName(group, '')}APIGroup`,
    tag: tagOf(group, '').replace(/_$/, ''),
    description: `the versions of ${group}`,
    kind: 'APIGroup',
  });

export const resourceListPath = (group: string, version: string): DiscoveryPath =>
  discoveryPath({
    path: group === '' ? `/api/${version}/` : `/apis/${group}/${version}/`,
    id: `get${groupVersionName(group, version)}APIResources`,
    tag: tagOf(group, version),
    description: 'the resources that are served',
    kind: 'APIResourceList',
  });

export const discoveryPathDocuments = (paths: readonly DiscoveryPath[], dialect: Dialect): JsonObject =>
  Object.fromEntries(paths.map(({ path, operation }) => [path, { get: operationDocument(operation, dialect) }]));
