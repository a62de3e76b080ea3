/** Finds the verb, or the subresource, that a request for a served resource means. */
import type { AnyDefinition, Verb } from '../../resources/definition.ts';
import { methodNotAllowed, pageNotFound, subresourceNotFound } from '../http/api-errors.ts';
import { checkAccept, negotiate } from '../http/content-negotiation.ts';
import { checkNameParameter } from '../http/path-names.ts';
import { mediaTypeOf, patchTypes } from '../http/request-body.ts';
import { type Answer, respond } from '../http/respond.ts';
import { isCustom } from '../registry/object-metadata.ts';
import type { RequestInfo } from '../ports.ts';
import type { ResourceRequest, Server } from '../server.ts';
import { get } from './get.ts';
import { list } from './list.ts';
import { naming } from './naming.ts';
import { watch } from './watch.ts';

type Endpoint = (server: Server, request: ResourceRequest) => Promise<Answer | Response>;

/** The code of a write is read when the first one comes. */
const verbs: Readonly<Record<Verb, Endpoint>> = {
  get,
  list,
  watch,
  create: async (...call) => (await import('./create.ts')).create(...call),
  update: async (...call) => (await import('./update.ts')).update(...call),
  patch: async (...call) => (await import('./patch.ts')).patch(...call),
  delete: async (...call) => (await import('./delete.ts')).deleteOne(...call),
  deletecollection: async (...call) => (await import('./delete.ts')).deleteCollection(...call),
};

const statusVerbs: Readonly<Record<string, Endpoint>> = {
  get,
  update: async (...call) => (await import('./update.ts')).updateStatus(...call),
  patch: async (...call) => (await import('./patch.ts')).patchStatus(...call),
};
const scaleVerbs: Readonly<Record<string, Endpoint>> = {
  get: async (...call) => (await import('./scale.ts')).getScale(...call),
  update: async (...call) => (await import('./scale.ts')).updateScale(...call),
  patch: async (...call) => (await import('./scale.ts')).patchScale(...call),
};

export const allVerbs: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

export const serveResource = (server: Server, request: ResourceRequest): Promise<Response> =>
  naming(serveKind(server, request), server, request);

async function serveKind(server: Server, request: ResourceRequest): Promise<Response> {
  if (isCustom(request.definition)) return serveCustom(server, request);
  const endpoint = endpointOf(request);
  if (endpoint === undefined) throw subresourceNotFound();
  if (isProxied(request)) return answered(await endpoint(server, request), server, request);
  // Built-in kinds have routes for some methods only; HEAD has none.
  if (endpoint === refuse || request.request.method === 'HEAD') throw methodNotAllowed();
  return served(server, request, endpoint);
}

const allEndpoints = { objects: verbs, status: statusVerbs, scale: scaleVerbs };

async function serveCustom(server: Server, request: ResourceRequest): Promise<Response> {
  const { customEndpoint } = await import('./custom-endpoint.ts');
  const endpoint = customEndpoint(request, allEndpoints);
  return endpoint === undefined ? pageNotFound() : served(server, request, endpoint);
}

async function served(server: Server, request: ResourceRequest, endpoint: Endpoint): Promise<Response> {
  if (request.info.name !== '' && request.info.verb !== 'list' && request.info.verb !== 'watch') checkNameParameter(request.info.name);
  if (hasFixedRoutes(request))
    checkAccept(request.request.headers.get('accept'), request.info.verb === 'list' || request.info.verb === 'watch');
  if (!isConnected(request)) checkForm(request);
  if (request.served.deprecation !== undefined && isRouted(request)) request.warnings.add(request.served.deprecation);
  if (request.definition.isConvertedByWebhook === true) return serveConverted(server, request, endpoint);
  return answered(await endpoint(server, request), server, request);
}

const answered = async (answer: Answer | Response, server: Server, request: ResourceRequest): Promise<Response> =>
  answer instanceof Response ? answer : respond(server, request, answer);

/** Every method, name and form is the proxied server's affair. */
const isProxied = ({ definition, info }: ResourceRequest): boolean =>
  definition.subresources?.some(({ name, kind }) => name === info.subresource && kind === 'proxy') === true;

/** What turns out to need a conversion is done again after it. Nothing is committed before all that it needs is there. */
async function serveConverted({ converter, ...rest }: Server, request: ResourceRequest, endpoint: Endpoint): Promise<Response> {
  const server = { ...rest, converter };
  const answer = await converter.converting(() => endpoint(server, request));
  return answer instanceof Response ? answer : converter.converting(() => respond(server, request, answer));
}

function endpointOf(request: ResourceRequest): Endpoint | undefined {
  const { definition, info } = request;
  if (!isPlaced(request)) return undefined;
  switch (info.subresource) {
    case '':
      return verbOf(request);
    case 'status':
      if (definition.hasStatus === true) return statusVerbs[info.verb] ?? refuse;
      break;
    case 'scale':
      if (definition.scale !== undefined) return scaleVerbs[info.verb] ?? refuse;
      break;
  }
  return declaredSubresource(request);
}

function verbOf({ definition, info }: ResourceRequest): Endpoint {
  const verb = (definition.verbs ?? allVerbs).find((one) => one === info.verb);
  const spansNamespaces = verb === 'list' || verb === 'watch';
  const isOfOne = verb === 'get' || verb === 'update' || verb === 'patch' || verb === 'delete';
  if (isOfOne ? info.name === '' : verb === 'create' && info.name !== '') return refuse;
  if (verb === undefined || (definition.type.namespaced && info.namespace === '' && !spansNamespaces)) return refuse;
  return verbs[verb];
}

function declaredSubresource({ definition, info }: ResourceRequest): Endpoint | undefined {
  const subresource = definition.subresources?.find(({ name }) => name === info.subresource);
  switch (subresource?.kind) {
    case 'object':
      return async (server, request) => (await import('./subresource.ts')).objectSubresource(server, request, subresource);
    case 'computed':
      return async (server, request) => (await import('./subresource.ts')).computedSubresource(server, request, subresource);
    case 'connect':
      return async (server, request) => (await import('./subresource.ts')).connectSubresource(server, request, subresource);
    case 'proxy':
      return async (server, request) => (await import('./proxy.ts')).proxySubresource(server, request, subresource);
    case undefined:
      return undefined;
    default:
      return subresource satisfies never;
  }
}

/** A path through a namespace leads to namespaced resources only: authorized there, a cluster-scoped one would be served to all. */
const isPlaced = ({ definition, info }: ResourceRequest): boolean => definition.type.namespaced || !info.isNamespaced;

const refuse: Endpoint = async () => {
  throw methodNotAllowed();
};

/** Connections answer with any type. */
const isConnected = ({ definition, info }: ResourceRequest): boolean =>
  definition.subresources?.some(({ name, kind }) => name === info.subresource && kind === 'connect') === true;

const hasFixedRoutes = (request: ResourceRequest): boolean => !isCustom(request.definition) && !isConnected(request);

/** What could not be answered is refused before anything is done. */
function checkForm({ request, definition, info }: ResourceRequest): void {
  negotiate(request.headers.get('accept'), { forms: true, isWatch: info.verb === 'watch', isCustom: isCustom(definition) });
}

/** Patches of other types are refused by the router, before anything warns. */
const isRouted = ({ request }: ResourceRequest): boolean =>
  request.method !== 'PATCH' || patchTypes.some((type) => type === mediaTypeOf(request));

/** Whether the request may last: a watch, or a connection to a node. */
export const isLongRunning = ({ subresources }: AnyDefinition, { verb, subresource }: RequestInfo): boolean =>
  verb === 'watch' || subresources?.some(({ name, kind }) => name === subresource && (kind === 'connect' || kind === 'proxy')) === true;
