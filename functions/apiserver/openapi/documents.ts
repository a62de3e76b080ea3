/**
 * Serves `/openapi/v3`, its documents for each group and version, and `/openapi/v2`. A document is made when it is
 * first asked for. Source: kube-openapi, pkg/handler3/handler.go.
 */
import type { JsonObject } from '../../kube/object.ts';
import type { ServedGroup, ServedResource } from '../discovery/api-resources.ts';
import { acceptClauses, notAcceptable } from '../http/content-negotiation.ts';
import { type TaggedDocument, taggedDocument, taggedResponse } from '../http/tagged-document.ts';
import { pathsFor } from './paths.ts';
import { type Dialect, type NamedSchema, schemasFor } from './schemas.ts';

export interface OpenApi {
  /** Undefined when there is no document at the path. */
  fetch(request: Request, url: URL): Response | undefined;
}

/** How long a document under its hash may be kept. */
const keptSeconds = 365 * 24 * 3600;

export function createOpenApi(groups: readonly ServedGroup[], options: { readonly gitVersion: string; nowMs(): number }): OpenApi {
  const resourcesByPath = new Map<string, readonly ServedResource[]>();
  for (const { group, versions } of groups) {
    for (const { version, resources } of versions) {
      resourcesByPath.set(group === '' ? `api/${version}` : `apis/${group}/${version}`, resources);
    }
  }
  const documents = new Map<string, TaggedDocument>();
  const kept = (key: string, make: () => object): TaggedDocument => {
    const document = documents.get(key) ?? taggedDocument(make());
    documents.set(key, document);
    return document;
  };
  const info = { title: 'Kubernetes', version: options.gitVersion };
  const v3 = (path: string, resources: readonly ServedResource[]): TaggedDocument => kept(path, () => v3Document(resources, info));
  const v2 = (): TaggedDocument => kept('v2', () => v2Document([...resourcesByPath.values()].flat(), info));
  const index = (): TaggedDocument =>
    kept('index', () => ({
      paths: Object.fromEntries(
        [...resourcesByPath].map(([path, resources]) => [
          path,
          { serverRelativeURL: `/openapi/v3/${path}?hash=${v3(path, resources).hash}` },
        ]),
      ),
    }));

  return {
    fetch(request, url) {
      const path = url.pathname.replace(/\/$/, '');
      if (path !== '/openapi/v2' && !`${path}/`.startsWith('/openapi/v3/')) return undefined;
      checkAccept(request);
      if (path === '/openapi/v2') return taggedResponse(request, v2(), json);
      if (path === '/openapi/v3') return taggedResponse(request, index(), json);
      const name = path.slice('/openapi/v3/'.length);
      const resources = resourcesByPath.get(name);
      return resources === undefined ? undefined : byHash(request, url, v3(name, resources), options.nowMs());
    },
  };
}

const json = { 'content-type': 'application/json' };

/** The right hash never changes its document; a wrong one is led to the right one. */
function byHash(request: Request, url: URL, document: TaggedDocument, nowMs: number): Response {
  const given = url.searchParams.get('hash');
  if (given === null) return taggedResponse(request, document, json);
  if (given !== document.hash) {
    return new Response(null, { status: 301, headers: { location: `${url.pathname}?hash=${document.hash}` } });
  }
  const expires = new Date(nowMs + keptSeconds * 1000).toUTCString();
  return taggedResponse(request, document, { ...json, 'cache-control': 'public, immutable', expires });
}

/** There is only JSON; older clients that insist on protobuf are told so. */
function checkAccept(request: Request): void {
  const accepts = new Set(['application/json', 'application/*', '*/*']);
  if (!acceptClauses(request.headers.get('accept')).some(({ mediaType }) => accepts.has(mediaType)))
    throw notAcceptable(['application/json']);
}

function v3Document(resources: readonly ServedResource[], info: JsonObject): object {
  const components = { schemas: schemasFor(namedSchemas(resources), 'v3') };
  return { openapi: '3.0.0', info, paths: pathsFor(resources, 'v3'), components };
}

function v2Document(resources: readonly ServedResource[], info: JsonObject): object {
  const dialect: Dialect = 'v2';
  const definitions = schemasFor(namedSchemas(resources), dialect);
  return { swagger: '2.0', info, paths: pathsFor(resources, dialect), definitions };
}

/** The kinds of the resources, of their lists, and of what their subresources take. */
function namedSchemas(resources: readonly ServedResource[]): NamedSchema[] {
  const metadata = { group: '', version: 'v1' };
  return [
    ...resources.flatMap(({ type, schema, verbs, subresources }): NamedSchema[] => {
      const kind = { group: type.group, version: type.version, kind: type.kind };
      const list = { schema: `${schema}List`, kind: { ...kind, kind: `${type.kind}List` } };
      const foreign = subresources
        .filter((subresource) => subresource.schema !== schema)
        .map(({ schema: body, responseKind }) => ({ schema: body, kind: responseKind }));
      return [{ schema, kind }, ...(verbs.includes('list') ? [list] : []), ...foreign];
    }),
    ...['DeleteOptions', 'Status'].map((kind) => ({ schema: `io.k8s.apimachinery.pkg.apis.meta.v1.${kind}`, kind: { ...metadata, kind } })),
    { schema: 'io.k8s.apimachinery.pkg.apis.meta.v1.Patch', kind: { ...metadata, kind: 'Patch' } },
  ];
}
