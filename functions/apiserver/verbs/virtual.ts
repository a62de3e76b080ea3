/** POST of kinds that are answered and never stored: access reviews, token reviews. */
import { namespaceOf } from '../../kube/object.ts';
import { badRequest } from '../../kube/status-error.ts';
import { methodNotAllowed, pageNotFound } from '../http/api-errors.ts';
import { readBody } from '../http/request-body.ts';
import { writeOptionsOf } from '../http/request-options.ts';
import type { ApiRequest, VirtualResource } from '../ports.ts';
import { decodeBody } from '../registry/decode.ts';

export async function createVirtual(request: ApiRequest, resource: VirtualResource, warnings: Set<string>): Promise<Response> {
  const { info, user } = request;
  if (info.subresource !== '') return pageNotFound();
  if (info.verb !== 'create' || info.name !== '') throw methodNotAllowed();
  const { dryRun, fieldValidation } = writeOptionsOf(request.url.searchParams, 'CreateOptions');
  const { type, schema } = resource;
  const expected = { group: type.group, version: type.version, kind: type.kind, schema };
  const object = decodeBody(await readBody(request.request), expected, { fieldValidation, warnings });
  const namespace = type.namespaced ? info.namespace : '';
  if (type.namespaced && namespaceOf(object) !== '' && namespaceOf(object) !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  return Response.json(await resource.create(object, { user, namespace, dryRun }), { status: 201 });
}
