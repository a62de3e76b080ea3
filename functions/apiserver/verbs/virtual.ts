/** POST of kinds that are answered and never stored: access reviews, token reviews. */
import { methodNotAllowed, pageNotFound } from '../http/api-errors.ts';
import { negotiate } from '../http/content-negotiation.ts';
import { writeOptionsOf } from '../http/request-options.ts';
import type { ApiRequest, VirtualResource } from '../ports.ts';
import { readObject } from '../registry/decode.ts';
import { dropServerFields, placeInNamespace } from '../registry/object-metadata.ts';

export async function createVirtual(request: ApiRequest, resource: VirtualResource, warnings: Set<string>): Promise<Response> {
  const { info, user } = request;
  if (info.subresource !== '' || info.isNamespaced !== resource.type.namespaced) return pageNotFound();
  if (info.verb !== 'create' || info.name !== '') throw methodNotAllowed();
  // Reviews are no tables: who accepts nothing else is refused before anything is decided.
  negotiate(request.request.headers.get('accept'), { forms: false });
  const { dryRun, fieldValidation } = writeOptionsOf(request.url.searchParams, 'CreateOptions');
  const { type, schema } = resource;
  const expected = { group: type.group, version: type.version, kind: type.kind, schema };
  const object = await readObject(request.request, expected, { fieldValidation, warnings });
  placeInNamespace(object, type, info.namespace);
  dropServerFields(object.metadata);
  const namespace = type.namespaced ? info.namespace : '';
  const headers = { 'cache-control': 'no-cache, private' };
  return Response.json(await resource.create(object, { user, namespace, dryRun }), { status: 201, headers });
}
