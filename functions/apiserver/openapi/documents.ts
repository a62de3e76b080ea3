/**
 * Serves `/openapi/v3`, its documents for each group and version, and `/openapi/v2`. A document is made when it is
 * first asked for. Source: kube-openapi, pkg/handler/handler.go, pkg/handler3/handler.go.
 */
import type { JsonObject } from '../../kube/object.ts';
import type { ServedGroup, ServedResource } from '../discovery/api-resources.ts';
import { acceptClauses, notAcceptable } from '../http/content-negotiation.ts';
import { type TaggedDocument, taggedDocument, taggedResponse } from '../http/tagged-document.ts';
import type { Descriptions } from './descriptions.ts';
import {
  coreVersionsPath,
  type DiscoveryPath,
  discoveryPathDocuments,
  groupListPath,
  groupPath,
  resourceListPath,
} from './discovery-paths.ts';
import { gzipped } from './gzip.ts';
import { security, securityScheme } from './operation.ts';
import { pathsFor } from './paths.ts';
import { type NamedSchema, schemasFor } from './schemas.ts';

export interface OpenApi {
  /** Undefined when there is no document at the path. */
  fetch(request: Request, url: URL): Promise<Response | undefined>;
}

export interface OpenApiOptions {
  readonly gitVersion: string;
  nowMs(): number;
  /** Where the documents of other servers are. */
  otherPaths?(): Readonly<Record<string, string>>;
  /** Documents of the kinds that were served before: one whose kinds stayed the same is not made again. */
  readonly former?: FormerDocuments;
  /** Asked once, when the first document is. Without it, schemas describe nothing. */
  readonly descriptions?: () => Promise<Descriptions>;
}

/** By their paths, each with what it was made of. */
export type FormerDocuments = Map<string, { readonly sources: readonly unknown[]; readonly document: TaggedDocument }>;

/** Two lists of a scope are equal where its document would be. */
const sourcesOf = ({ resources }: Scope): readonly unknown[] => resources.flatMap(({ node, ...rest }) => [node?.(), JSON.stringify(rest)]);

/** How long a document under its hash may be kept. */
const keptSeconds = 365 * 24 * 3600;

/** The contents of one document. */
interface Scope {
  readonly resources: readonly ServedResource[];
  readonly discovery: readonly DiscoveryPath[];
}

/** Document below `/openapi/v3/` → its scope: one a group and version, and the discovery above them. */
function scopesOf(groups: readonly ServedGroup[]): ReadonlyMap<string, Scope> {
  const scopes = new Map<string, Scope>([
    ['api', { resources: [], discovery: [coreVersionsPath] }],
    ['apis', { resources: [], discovery: [groupListPath] }],
  ]);
  for (const { group, versions } of groups) {
    if (group !== '') scopes.set(`apis/${group}`, { resources: [], discovery: [groupPath(group)] });
    for (const { version, resources } of versions) {
      const path = group === '' ? `api/${version}` : `apis/${group}/${version}`;
      scopes.set(path, { resources, discovery: [resourceListPath(group, version)] });
    }
  }
  return scopes;
}

export function createOpenApi(groups: readonly ServedGroup[], options: OpenApiOptions): OpenApi {
  const scopes = scopesOf(groups);
  const documents = new Map<string, TaggedDocument>();
  const info = { title: 'Kubernetes', version: options.gitVersion };
  let descriptions: Promise<Descriptions> | undefined;
  const described = (): Promise<Descriptions> => (descriptions ??= options.descriptions?.() ?? Promise.resolve({}));

  async function kept(key: string, make: (descriptions: Descriptions) => JsonObject): Promise<TaggedDocument> {
    const document = documents.get(key) ?? taggedDocument(make(await described()));
    documents.set(key, document);
    return document;
  }
  const { former = new Map() as FormerDocuments } = options;
  for (const path of former.keys()) if (!scopes.has(path)) former.delete(path);
  async function v3(path: string, scope: Scope): Promise<TaggedDocument> {
    const sources = sourcesOf(scope);
    const before = former.get(path);
    if (before !== undefined && before.sources.length === sources.length && before.sources.every((one, index) => one === sources[index])) {
      return before.document;
    }
    const document = taggedDocument(v3Document(scope, info, await described()));
    former.set(path, { sources, document });
    return document;
  }
  const everything = (): Scope => ({
    resources: [...scopes.values()].flatMap(({ resources }) => resources),
    discovery: [...scopes.values()].flatMap(({ discovery }) => discovery),
  });
  const v2 = (): Promise<TaggedDocument> => kept('v2', (texts) => v2Document(everything(), info, texts));

  /** Under the hash of the JSON: a client with one form of the document can see that the other has changed. */
  async function v2Protobuf(): Promise<TaggedDocument> {
    const { hash } = await v2();
    const texts = await described();
    const { documentV2Protobuf } = await import('./document-v2-protobuf.ts');
    const document = documents.get('v2 protobuf') ?? { hash, body: documentV2Protobuf(v2Document(everything(), info, texts)) };
    documents.set('v2 protobuf', document);
    return document;
  }

  async function index(): Promise<TaggedDocument> {
    const paths: Record<string, { serverRelativeURL: string }> = {};
    for (const [path, scope] of scopes) paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${(await v3(path, scope)).hash}` };
    const others = Object.entries(options.otherPaths?.() ?? {});
    if (others.length === 0) return kept('index', () => ({ paths }));
    for (const [path, serverRelativeURL] of others) paths[path] = { serverRelativeURL };
    return taggedDocument({ paths });
  }

  return {
    async fetch(request, url) {
      const path = url.pathname.replace(/\/$/, '');
      if (path !== '/openapi/v2' && !`${path}/`.startsWith('/openapi/v3/')) return undefined;
      const isV2 = path === '/openapi/v2';
      const type = acceptedType(request, isV2 ? [json, ...v2ProtobufTypes] : [json]);
      if (isV2) return type === json ? answer(request, await v2(), json) : answer(request, await v2Protobuf(), v2ProtobufTypes[0]);
      if (path === '/openapi/v3') return answer(request, await index(), json);
      const name = path.slice('/openapi/v3/'.length);
      const scope = scopes.get(name);
      return scope === undefined ? undefined : byHash(request, url, await v3(name, scope), options.nowMs());
    },
  };
}

const json = 'application/json';

/** Clients ask for the second, which is no media type by the book, and are answered with the first. */
const v2ProtobufTypes = [
  'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
] as const;

function answer(request: Request, document: TaggedDocument, type: string, headers: Record<string, string> = {}): Promise<Response> {
  const all = { 'content-type': type, vary: 'Accept, Accept-Encoding', ...headers };
  return gzipped(request, document, taggedResponse(request, document, all));
}

/** The right hash never changes its document; a wrong one is led to the right one. */
function byHash(request: Request, url: URL, document: TaggedDocument, nowMs: number): Response | Promise<Response> {
  const given = url.searchParams.get('hash');
  if (given === null) return answer(request, document, json);
  if (given !== document.hash) {
    return new Response(null, { status: 301, headers: { location: `${url.pathname}?hash=${document.hash}` } });
  }
  const expires = new Date(nowMs + keptSeconds * 1000).toUTCString();
  return answer(request, document, json, { 'cache-control': 'public, immutable', expires });
}

/** The first that the client accepts, in the order of its preference. */
function acceptedType(request: Request, offered: readonly string[]): string | undefined {
  for (const { mediaType } of acceptClauses(request.headers.get('accept'))) {
    if (mediaType === '*/*' || mediaType === 'application/*') return offered[0];
    if (offered.includes(mediaType)) return mediaType;
  }
  throw notAcceptable(offered);
}

function v3Document(scope: Scope, info: JsonObject, texts: Descriptions): JsonObject {
  const components = { schemas: schemasFor(namedSchemas(scope), 'v3', texts), securitySchemes: securityScheme };
  const paths = { ...discoveryPathDocuments(scope.discovery, 'v3'), ...pathsFor(scope.resources, 'v3') };
  return { openapi: '3.0.0', info, paths, components, security };
}

function v2Document(scope: Scope, info: JsonObject, texts: Descriptions): JsonObject {
  const paths = { ...discoveryPathDocuments(scope.discovery, 'v2'), ...pathsFor(scope.resources, 'v2') };
  const definitions = schemasFor(namedSchemas(scope), 'v2', texts);
  return { swagger: '2.0', info, paths, definitions, securityDefinitions: securityScheme, security };
}

/** The kinds of resources, of their lists, of the bodies of subresources, and of what all clients use. */
function namedSchemas({ resources, discovery }: Scope): NamedSchema[] {
  const named = resources.flatMap(({ type, schema, node, verbs, subresources }): NamedSchema[] => {
    const kind = { group: type.group, version: type.version, kind: type.kind };
    const list = { schema: `${schema}List`, kind: { ...kind, kind: `${type.kind}List` }, node: () => listNode(schema) };
    const foreign = subresources
      .filter((subresource) => subresource.schema !== schema)
      .map(({ schema: body, responseKind }) => ({ schema: body, kind: responseKind }));
    return [{ schema, kind, node: node as (() => JsonObject) | undefined }, ...(verbs.includes('list') ? [list] : []), ...foreign];
  });
  const everywhere = resources.length === 0 ? ['Status'] : ['DeleteOptions', 'Patch', 'Status', 'WatchEvent'];
  return [...named, ...discovery.map(({ schema }) => schema), ...everywhere.map(metaSchema)];
}

const metaSchema = (kind: string): NamedSchema => ({
  schema: `io.k8s.apimachinery.pkg.apis.meta.v1.${kind}`,
  kind: { group: '', version: 'v1', kind },
});

/** Lists of custom kinds, which no table has. */
const listNode = (schema: string): JsonObject => ({
  type: 'object',
  required: ['items'],
  properties: {
    apiVersion: { type: 'string' },
    items: { type: 'array', items: { $ref: `#/definitions/${schema}` } },
    kind: { type: 'string' },
    metadata: { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta' },
  },
});
