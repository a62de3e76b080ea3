/**
 * Where requests for custom kinds lead. One handler takes all that is sent to them, whatever its method and path.
 * Source: apiextensions-apiserver, pkg/apiserver/customresource_handler.go, ServeHTTP.
 */
import { badRequest, notFound } from '../../kube/status-error.ts';
import { methodNotSupported } from '../http/api-errors.ts';
import { unsupportedMediaType } from '../http/content-negotiation.ts';
import { mediaTypeOf, patchTypes, strategicMergePatch } from '../http/request-body.ts';
import type { ResourceRequest } from '../server.ts';

type Endpoints<Endpoint> = Readonly<Record<string, Endpoint>>;

/** By verb: of the objects themselves, of their status and of their scale. */
export interface EndpointsOf<Endpoint> {
  readonly objects: Endpoints<Endpoint>;
  readonly status: Endpoints<Endpoint>;
  readonly scale: Endpoints<Endpoint>;
}

/** Undefined: there is no such path. */
export function customEndpoint<Endpoint>(request: ResourceRequest, all: EndpointsOf<Endpoint>): Endpoint | undefined {
  const { definition, info, served, warnings } = request;
  const spansNamespaces = info.verb === 'list' || info.verb === 'watch';
  if (!definition.type.namespaced && info.isNamespaced) return undefined;
  if (definition.type.namespaced && info.namespace === '' && !spansNamespaces) return undefined;
  if (served.deprecation !== undefined) warnings.add(served.deprecation);
  const endpoints = endpointsOf(request, all);
  if (endpoints === undefined) throw notFound(served.type, info.name);
  const endpoint = Object.hasOwn(endpoints, info.verb) ? endpoints[info.verb] : undefined;
  if (endpoint === undefined) throw methodNotSupported(definition.type, info.verb);
  if (info.verb === 'patch') checkPatchType(request);
  if (info.name === '' && (info.verb === 'update' || info.verb === 'patch')) throw badRequest('name must be provided');
  return endpoint;
}

function endpointsOf<Endpoint>({ definition, info }: ResourceRequest, all: EndpointsOf<Endpoint>): Endpoints<Endpoint> | undefined {
  if (info.subresource === '') return all.objects;
  if (info.subresource === 'status' && definition.hasStatus === true) return all.status;
  return info.subresource === 'scale' && definition.scale !== undefined ? all.scale : undefined;
}

const customPatchTypes = patchTypes.filter((type) => type !== strategicMergePatch);

function checkPatchType({ request }: ResourceRequest): void {
  const given = mediaTypeOf(request);
  if (!customPatchTypes.some((type) => type === given)) throw unsupportedMediaType(customPatchTypes);
}
