/**
 * Reads what a path and a method mean. Source: apiserver, pkg/endpoints/request/requestinfo.go.
 *
 *   /api/v1/namespaces/{ns}/pods/{name}/status   /apis/{group}/{version}/...   everything else is not a resource
 */
import { type FieldRequirement, parseFieldSelector } from '../../kube/fields.ts';
import { badRequest } from '../../kube/status-error.ts';
import type { RequestInfo, SelectedField } from '../ports.ts';

const verbOfMethod: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Below `/namespaces/{name}/` these belong to the Namespace itself; anything else is a resource inside it. */
const namespaceSubresources = new Set(['status', 'finalize']);

/** A query parameter that is there counts as true, unless its value is 0 or false. */
export const isTrue = (value: string | null): boolean => value !== null && value !== '0' && value.toLowerCase() !== 'false';

export function requestInfoOf(method: string, url: URL): RequestInfo {
  const path = decodedPath(url);
  const parts = path.split('/').filter((part) => part !== '');
  const other: RequestInfo = {
    verb: method.toLowerCase(),
    isResource: false,
    isNamespaced: false,
    path,
    group: '',
    version: '',
    resource: '',
    subresource: '',
    namespace: '',
    name: '',
  };
  const group = parts[0] === 'apis' ? (parts[1] ?? '') : '';
  const [version = '', ...rest] = parts[0] === 'apis' ? parts.slice(2) : parts.slice(1);
  if ((parts[0] !== 'api' && parts[0] !== 'apis') || rest.length === 0) return other;

  const verb = verbOfMethod[method] ?? '';
  const place = placeOf(rest);
  return { ...other, isResource: true, group, version, ...place, ...refined(verb, place.name, url.searchParams) };
}

/** Decoded before it is cut, as Go does: an encoded slash separates parts like any other. */
function decodedPath({ pathname }: URL): string {
  try {
    return decodeURIComponent(pathname);
  } catch (error) {
    if (error instanceof URIError) throw badRequest(`invalid URL escape in ${JSON.stringify(pathname.slice(0, shownPathMax))}`);
    throw error;
  }
}

const shownPathMax = 200;

type PlaceOfPath = Pick<RequestInfo, 'isNamespaced' | 'namespace' | 'resource' | 'name' | 'subresource'>;

function placeOf(parts: readonly string[]): PlaceOfPath {
  const [first, namespace = '', below] = parts;
  const isNamespace = first === 'namespaces';
  const isNamespaced = isNamespace && below !== undefined && !namespaceSubresources.has(below);
  const [resource = '', name = '', ...rest] = isNamespaced ? parts.slice(2) : parts;
  // What follows a proxy is the proxied server's path.
  const subresource = rest[0] === 'proxy' ? 'proxy' : rest.join('/');
  return { isNamespaced, namespace: isNamespace ? namespace : '', resource, name, subresource };
}

type Refined = Pick<RequestInfo, 'verb' | 'name' | 'selectedFields' | 'fieldSelector' | 'labelSelector'>;

/** Without a name, a GET is a list or a watch; a selector for one name is authorized as that name. */
function refined(verb: string, name: string, query: URLSearchParams): Refined {
  if (name !== '' || (verb !== 'delete' && verb !== 'get')) return { verb, name };
  const fields = fieldsSelectedBy(query.get('fieldSelector') ?? '');
  const selected = {
    ...(fields.length === 0 ? {} : { selectedFields: fields }),
    ...selectorOf(query, 'fieldSelector'),
    ...selectorOf(query, 'labelSelector'),
  };
  if (verb === 'delete') return { verb: 'deletecollection', name, ...selected };
  const named = fields.find(({ field }) => field === 'metadata.name')?.value ?? '';
  return { verb: isTrue(query.get('watch')) ? 'watch' : 'list', name: named, ...selected };
}

function selectorOf(query: URLSearchParams, name: 'fieldSelector' | 'labelSelector'): Partial<Refined> {
  const rawSelector = query.get(name) ?? '';
  return rawSelector === '' ? {} : { [name]: { rawSelector } };
}

/** Nothing where the selector cannot be read: the verb itself refuses it. */
export function fieldsSelectedBy(selector: string): SelectedField[] {
  const terms = readSelector(selector) ?? [];
  return terms.filter(({ operator }) => operator === '=').map(({ field, value }) => ({ field, value }));
}

function readSelector(selector: string): readonly FieldRequirement[] | undefined {
  try {
    return parseFieldSelector(selector);
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** As upstream sees it, a namespace is in itself. Source: apiserver, pkg/endpoints/request/requestinfo.go. */
export const namespaceOf = ({ isResource, group, resource, namespace, name }: RequestInfo): string =>
  isResource && group === '' && resource === 'namespaces' && namespace === '' ? name : namespace;
