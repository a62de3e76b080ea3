/** POST to a collection. */
import { writeOptionsOf } from '../http/request-options.ts';
import type { Answer } from '../http/respond.ts';
import { createObject } from '../registry/create-object.ts';
import { readObject, storedForm } from '../registry/decode.ts';
import { writeRequest } from '../registry/write-request.ts';
import { expectedOf, type ResourceRequest, type Server } from '../server.ts';

export async function create(server: Server, request: ResourceRequest): Promise<Answer> {
  const options = writeOptionsOf(request.url.searchParams, 'CreateOptions');
  const { fieldValidation } = options;
  const { warnings } = request;
  const body = await readObject(request.request, expectedOf(request), { fieldValidation, warnings, isSent: true });
  const write = writeRequest(server, request, options);
  const created = await createObject(write, storedForm(request, body, write.context.nowMs));
  return { kind: 'object', code: 201, shown: { object: created } };
}
