/**
 * The paths of the resources of a group and version, with one operation a verb. kubectl reads from them the kind that a
 * path answers with. It also reads the `fieldValidation` parameter of PATCH, which shows that the server validates.
 */
import type { JsonObject } from '../../kube/object.ts';
import { apiVersionOf } from '../../kube/resource-type.ts';
import type { ResponseKind, ServedResource, ServedSubresource } from '../discovery/api-resources.ts';
import { patchTypes, strategicMergePatch } from '../http/request-body.ts';
import { type Answer, type Operation, operationDocument, type RequestBody, text } from './operation.ts';
import { operationId, proxyOperationId, tagOf } from './operation-id.ts';
import { pathParameterDocuments, queryOf } from './parameters.ts';
import type { Dialect } from './schemas.ts';

interface Endpoint {
  readonly path: string;
  readonly resource: ServedResource;
  readonly subresource?: ServedSubresource;
  readonly kind: ResponseKind;
  readonly schema: string;
  readonly verbs: readonly string[];
  readonly allNamespaces?: boolean;
  /** True for a proxy: the rest of the path is a parameter. */
  readonly withPath?: boolean;
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

const json = 'application/json';
const watchJson = 'application/json;stream=watch';
const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const objectTypes = [json, 'application/yaml', 'application/vnd.kubernetes.protobuf'];

export function pathsFor(resources: readonly ServedResource[], dialect: Dialect): JsonObject {
  const paths: JsonObject = {};
  for (const endpoint of resources.flatMap(endpointsOf)) {
    const operations = endpoint.verbs.flatMap((verb) => {
      if (verb.startsWith('proxy:')) return [[verb.slice(6), operationDocument(proxyOperation(endpoint, verb.slice(6)), dialect)] as const];
      const method = methods[verb];
      return method === undefined ? [] : [[method.method, operationDocument(operationOf(endpoint, verb), dialect)] as const];
    });
    const parameters = pathParameterDocuments(endpoint.path, dialect);
    paths[endpoint.path] = { ...Object.fromEntries(operations), ...(parameters.length === 0 ? {} : { parameters }) };
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
  const endpoints: Endpoint[] = [
    { path: collection, resource, kind, schema, verbs: verbs.filter((verb) => collectionVerbs.includes(verb)) },
    { path: `${collection}/{name}`, resource, kind, schema, verbs: verbs.filter((verb) => objectVerbs.includes(verb)) },
    ...subresources.flatMap((subresource) => subresourceEndpoints(`${collection}/{name}`, resource, subresource)),
  ];
  if (type.namespaced && verbs.includes('list')) {
    endpoints.push({ path: `${root}/${type.resource}`, resource, kind, schema, verbs: ['list'], allNamespaces: true });
  }
  return endpoints.filter((endpoint) => endpoint.verbs.length > 0);
}

function subresourceEndpoints(parent: string, resource: ServedResource, subresource: ServedSubresource): Endpoint[] {
  const { name, responseKind: kind, schema, verbs, isProxy = false } = subresource;
  const path = `${parent}/${name}`;
  if (!isProxy) return [{ path, resource, subresource, kind, schema, verbs }];
  const proxied = { resource, subresource, kind, schema, verbs: proxyMethods.map((method) => `proxy:${method}`) };
  return [
    { path, ...proxied },
    { path: `${path}/{path}`, ...proxied, withPath: true },
  ];
}

const proxyMethods = ['delete', 'get', 'head', 'options', 'patch', 'post', 'put'];

function operationOf(endpoint: Endpoint, verb: string): Operation {
  const { resource, subresource, kind, allNamespaces = false } = endpoint;
  const { type } = resource;
  const connect = subresource?.connect;
  const isUpgrade = connect?.transport === 'upgrade';
  const name = { type, verb, subresource: subresource?.name ?? '', isConnect: isUpgrade, allNamespaces };
  const body = connect === undefined ? bodyOf(endpoint, verb) : undefined;
  return {
    id: operationId(name),
    description: descriptionOf(endpoint, verb),
    tag: tagOf(type.group, type.version),
    action: isUpgrade ? 'connect' : (methods[verb]?.action ?? verb),
    kind,
    ...(body === undefined ? {} : { body }),
    query: connect === undefined ? (queryOf[verb] ?? []) : (connect.parameters ?? []),
    answers: isUpgrade
      ? upgraded
      : connect === undefined
        ? answersOf(endpoint, verb)
        : { '200': { description: 'OK', content: { 'text/plain': text } } },
  };
}

/** Whatever the other server answers. */
function proxyOperation({ resource: { type }, kind, withPath = false }: Endpoint, method: string): Operation {
  return {
    id: proxyOperationId(type, method, withPath),
    description: `connect ${method.toUpperCase()} requests to proxy of a ${type.kind}`,
    tag: tagOf(type.group, type.version),
    action: 'connect',
    kind,
    query: [{ name: 'path', type: 'string', description: 'The path on the proxied server' }],
    answers: { '200': { description: 'OK', content: { '*/*': text } } },
  };
}

/** After the headers it is no HTTP any more. */
const upgraded: Operation['answers'] = { '101': { description: 'The connection is yours', content: {} } };

const phrases: Readonly<Record<string, string>> = {
  create: 'create',
  delete: 'delete',
  deletecollection: 'delete all that match, of kind',
  get: 'read',
  list: 'list or watch',
  patch: 'change parts of',
  update: 'replace',
};

function descriptionOf({ resource, subresource }: Endpoint, verb: string): string {
  const { kind } = resource.type;
  if (subresource?.connect !== undefined) return `connect to ${subresource.name} of a ${kind}`;
  return `${phrases[verb] ?? verb} ${subresource === undefined ? '' : `${subresource.name} of `}${kind}`;
}

/** kubectl sends what is named here. */
const patchTypesOf = ({ hasStrategicMerge = true }: ServedResource): readonly string[] =>
  patchTypes.filter((type) => hasStrategicMerge || type !== strategicMergePatch);

function bodyOf({ schema, resource }: Endpoint, verb: string): RequestBody | undefined {
  switch (verb) {
    case 'create':
    case 'update':
      return { schema, mediaTypes: objectTypes, required: true };
    case 'patch':
      return { schema: `${meta}.Patch`, mediaTypes: patchTypesOf(resource), required: true };
    case 'delete':
    case 'deletecollection':
      return { schema: `${meta}.DeleteOptions`, mediaTypes: objectTypes, required: false };
    default:
      return undefined;
  }
}

const object = (description: string, schema: string): Answer => ({
  description,
  content: { [json]: schema, 'application/yaml': schema },
});

function answersOf({ resource, subresource, schema }: Endpoint, verb: string): Operation['answers'] {
  const deleted = resource.returnsDeletedObject ? schema : `${meta}.Status`;
  switch (verb) {
    case 'create':
      return { '201': object('Created', subresource?.answerSchema ?? schema) };
    case 'update': {
      const createdToo = resource.createsOnUpdate && subresource === undefined;
      return { '200': object('OK', schema), ...(createdToo ? { '201': object('Created', schema) } : {}) };
    }
    case 'list': {
      const { description, content } = object('OK', `${schema}List`);
      return { '200': { description, content: { ...content, [watchJson]: `${meta}.WatchEvent` } } };
    }
    case 'deletecollection':
      return { '200': object('OK', `${schema}List`) };
    case 'delete':
      return { '200': object('Deleted', deleted), '202': object('Deletion has begun', deleted) };
    default:
      return { '200': object('OK', schema) };
  }
}
