/** POST of kinds that are answered and never stored: access reviews, token reviews. */
import { methodNotAllowed, subresourceNotFound } from '../http/api-errors.ts';
import { negotiate } from '../http/content-negotiation.ts';
import { writeOptionsOf } from '../http/request-options.ts';
import type { ApiRequest, VirtualResource } from '../ports.ts';
import { readObject } from '../registry/decode.ts';
import { dropServerFields, placeInNamespace } from '../registry/object-metadata.ts';
import { managerNameOf } from '../registry/write-request.ts';
import type { Server } from '../server.ts';

export async function createVirtual(
  server: Server,
  request: ApiRequest,
  resource: VirtualResource,
  warnings: Set<string>,
): Promise<Response> {
  const { info, user } = request;
  if (info.subresource !== '' || info.name !== '' || info.isNamespaced !== resource.type.namespaced) throw subresourceNotFound();
  if (info.verb !== 'create') throw methodNotAllowed();
  // Reviews are no tables: who accepts nothing else is refused before anything is decided.
  negotiate(request.request.headers.get('accept'), { forms: false });
  const options = writeOptionsOf(request.url.searchParams, 'CreateOptions');
  const { dryRun, fieldValidation } = options;
  const { type, schema } = resource;
  const expected = { group: type.group, version: type.version, kind: type.kind, schema };
  const object = await readObject(request.request, expected, { fieldValidation, warnings });
  placeInNamespace(object, type, info.namespace);
  dropServerFields(object.metadata);
  await server.fieldManagers.load?.();
  // They are never stored; upstream shows them all the same.
  const definition = { type, schema, singular: resource.singular, columns: [] };
  server.fieldManagers.record(object, undefined, {
    manager: managerNameOf(request.request, options),
    subresource: '',
    definition,
    served: definition,
    nowMs: server.world.clock.now(),
  });
  const namespace = type.namespaced ? info.namespace : '';
  const headers = { 'cache-control': 'no-cache, private' };
  return Response.json(await resource.create(object, { user, namespace, dryRun }), { status: 201, headers });
}
