/** POST to a collection. */
import { methodNotAllowed } from '../http/api-errors.ts';
import { readBody } from '../http/request-body.ts';
import { writeOptionsOf } from '../http/request-options.ts';
import type { Answer } from '../http/respond.ts';
import { createObject } from '../registry/create-object.ts';
import { decodeBody } from '../registry/decode.ts';
import { toStored } from '../registry/served-form.ts';
import { expectedOf, type ResourceRequest, type Server } from '../server.ts';

export async function create(server: Server, request: ResourceRequest): Promise<Answer> {
  if (request.info.name !== '') throw methodNotAllowed();
  const { dryRun, fieldValidation } = writeOptionsOf(request.url.searchParams, 'CreateOptions');
  const body = await readBody(request.request);
  const object = decodeBody(body, expectedOf(request.served), { fieldValidation, warnings: request.warnings });
  const created = await createObject(server, request, toStored(request.served, object), { dryRun });
  return { kind: 'object', code: 201, shown: { object: created } };
}
