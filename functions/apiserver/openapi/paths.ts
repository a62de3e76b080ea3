/**
 * The paths of a group and version, with one operation a verb. kubectl looks in them for the kind that a path answers
 * with, and for the `fieldValidation` parameter of PATCH, which tells it that the server validates.
 */
import type { JsonObject } from '../../kube/object.ts';
import { apiVersionOf } from '../../kube/resource-type.ts';
import type { ResponseKind, ServedResource, ServedSubresource } from '../discovery/api-resources.ts';
import { type Dialect, reference } from './schemas.ts';

interface Endpoint {
  readonly path: string;
  readonly resource: ServedResource;
  readonly kind: ResponseKind;
  readonly schema: string;
  readonly verbs: readonly string[];
}

const methods: Readonly<Record<string, { readonly method: string; readonly action: string }>> = {
  create: { method: 'post', action: 'post' },
  delete: { method: 'delete', action: 'delete' },
  deletecollection: { method: 'delete', action: 'deletecollection' },
  get: { method: 'get', action: 'get' },
  list: { method: 'get', action: 'list' },
  patch: { method: 'patch', action: 'patch' },
  update: { method: 'put', action: 'put' },
};

const patchTypes = ['application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json'];

export function pathsFor(resources: readonly ServedResource[], dialect: Dialect): JsonObject {
  const paths: JsonObject = {};
  for (const endpoint of resources.flatMap(endpointsOf)) {
    const operations = endpoint.verbs.flatMap((verb) => {
      const method = methods[verb];
      return method === undefined ? [] : [[method.method, operation(endpoint, verb, dialect)] as const];
    });
    paths[endpoint.path] = { ...Object.fromEntries(operations), parameters: pathParameters(endpoint.path, dialect) };
  }
  return paths;
}

const collectionVerbs = ['create', 'list', 'deletecollection'];
const objectVerbs = ['get', 'update', 'patch', 'delete'];

function endpointsOf(resource: ServedResource): Endpoint[] {
  const { type, schema, verbs, subresources } = resource;
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${apiVersionOf(type)}`;
  const collection = type.namespaced ? `${root}/namespaces/{namespace}/${type.resource}` : `${root}/${type.resource}`;
  const kind = { group: type.group, version: type.version, kind: type.kind };
  const endpoints = [
    { path: collection, resource, kind, schema, verbs: verbs.filter((verb) => collectionVerbs.includes(verb)) },
    { path: `${collection}/{name}`, resource, kind, schema, verbs: verbs.filter((verb) => objectVerbs.includes(verb)) },
    ...subresources.map((subresource) => subresourceEndpoint(`${collection}/{name}`, resource, subresource)),
  ];
  if (type.namespaced && verbs.includes('list')) {
    endpoints.push({ path: `${root}/${type.resource}`, resource, kind, schema, verbs: ['list'] });
  }
  return endpoints.filter((endpoint) => endpoint.verbs.length > 0);
}

const subresourceEndpoint = (parent: string, resource: ServedResource, subresource: ServedSubresource): Endpoint => ({
  path: `${parent}/${subresource.name}`,
  resource,
  kind: subresource.responseKind,
  schema: subresource.schema,
  verbs: subresource.verbs,
});

function operation(endpoint: Endpoint, verb: string, dialect: Dialect): JsonObject {
  const { kind, schema } = endpoint;
  const { action } = methods[verb] ?? { action: verb };
  const answer = verb === 'list' ? `${schema}List` : schema;
  const hasBody = verb === 'create' || verb === 'update' || verb === 'patch';
  return {
    ...(hasBody ? requestBody(verb === 'patch' ? patchTypes : ['*/*'], bodySchema(verb, schema, dialect), dialect) : {}),
    ...parametersOf(verb, hasBody ? [bodySchema(verb, schema, dialect)] : [], dialect),
    responses: { '200': response(reference(answer, dialect), dialect) },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { ...kind },
  };
}

const bodySchema = (verb: string, schema: string, dialect: Dialect): JsonObject =>
  reference(verb === 'patch' ? 'io.k8s.apimachinery.pkg.apis.meta.v1.Patch' : schema, dialect);

/** Version 3 keeps the body apart; in version 2 it is a parameter. */
function requestBody(mediaTypes: readonly string[], schema: JsonObject, dialect: Dialect): JsonObject {
  if (dialect === 'v2') return { consumes: [...mediaTypes] };
  return { requestBody: { content: Object.fromEntries(mediaTypes.map((type) => [type, { schema }])), required: true } };
}

function response(schema: JsonObject, dialect: Dialect): JsonObject {
  return dialect === 'v2' ? { description: 'OK', schema } : { description: 'OK', content: { 'application/json': { schema } } };
}

const queryNames: Readonly<Record<string, readonly string[]>> = {
  create: ['dryRun', 'fieldManager', 'fieldValidation'],
  update: ['dryRun', 'fieldManager', 'fieldValidation'],
  patch: ['dryRun', 'fieldManager', 'fieldValidation', 'force'],
  delete: ['dryRun', 'gracePeriodSeconds', 'orphanDependents', 'propagationPolicy'],
  list: ['continue', 'fieldSelector', 'labelSelector', 'limit', 'resourceVersion', 'resourceVersionMatch', 'timeoutSeconds', 'watch'],
};

const queryTypes: Readonly<Record<string, string>> = {
  force: 'boolean',
  gracePeriodSeconds: 'integer',
  limit: 'integer',
  orphanDependents: 'boolean',
  timeoutSeconds: 'integer',
  watch: 'boolean',
};

function parametersOf(verb: string, bodies: readonly JsonObject[], dialect: Dialect): JsonObject {
  const query = (queryNames[verb] ?? []).map((name) => parameter(name, 'query', dialect));
  const body = dialect === 'v2' ? bodies.map((schema): JsonObject => ({ name: 'body', in: 'body', required: true, schema })) : [];
  return { parameters: [...body, ...query] };
}

function parameter(name: string, place: 'query' | 'path', dialect: Dialect): JsonObject {
  const type = queryTypes[name] ?? 'string';
  const typed: JsonObject = dialect === 'v2' ? { type, uniqueItems: true } : { schema: { type, uniqueItems: true } };
  return { name, in: place, ...(place === 'path' ? { required: true } : {}), ...typed };
}

const pathParameters = (path: string, dialect: Dialect): JsonObject[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => parameter(name, 'path', dialect));
