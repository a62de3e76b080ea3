/** POST to a collection. */
import type { KubeObject } from '../../kube/object.ts';
import { writeOptionsOf } from '../http/request-options.ts';
import type { Answer } from '../http/respond.ts';
import { createObject } from '../registry/create-object.ts';
import { readObject, storedForm } from '../registry/decode.ts';
import { writeRequest } from '../registry/write-request.ts';
import { expectedOf, type ResourceRequest, type Server } from '../server.ts';

export async function create(server: Server, request: ResourceRequest): Promise<Answer> {
  const { fieldValidation } = writeOptionsOf(request.url.searchParams, 'CreateOptions');
  const { warnings } = request;
  const body = await readObject(request.request, expectedOf(request), { fieldValidation, warnings, isSent: true });
  return { kind: 'object', code: 201, shown: { object: await createDecoded(server, request, body) } };
}

export function createDecoded(server: Server, request: ResourceRequest, body: KubeObject): Promise<KubeObject> {
  const write = writeRequest(server, request, writeOptionsOf(request.url.searchParams, 'CreateOptions'));
  return createObject(write, storedForm(request, body, write.context.nowMs));
}
