/** PUT of an object or its status. */
import { copy } from '../../kube/copy.ts';
import type { KubeObject } from '../../kube/object.ts';
import { type WriteOptions, writeOptionsOf } from '../http/request-options.ts';
import type { Answer } from '../http/respond.ts';
import { checkName, readObject, storedForm } from '../registry/decode.ts';
import { placeInNamespace } from '../registry/object-metadata.ts';
import { type Update, updateObject } from '../registry/update-object.ts';
import { mainStrategy, statusStrategy, type UpdateStrategy } from '../registry/update-strategies.ts';
import { writeRequest } from '../registry/write-request.ts';
import { expectedOf, type ResourceRequest, type Server } from '../server.ts';

export const update = (server: Server, request: ResourceRequest): Promise<Answer> => put(server, request, mainStrategy);

export const updateStatus = (server: Server, request: ResourceRequest): Promise<Answer> => put(server, request, statusStrategy);

async function put(server: Server, request: ResourceRequest, strategy: UpdateStrategy): Promise<Answer> {
  const options = writeOptionsOf(request.url.searchParams, 'UpdateOptions');
  const object = await decodedObject(server, request, options);
  const change: Update = { strategy, transform: () => ({ outcome: 'update', object: copy(object) }) };
  const creates = request.definition.allowsCreateOnUpdate === true && strategy === mainStrategy;
  const write = writeRequest(server, request, options);
  const updated = await updateObject(write, creates ? { ...change, createMissing: () => copy(object) } : change);
  return { kind: 'object', code: updated.isNew ? 201 : 200, shown: { object: updated.object } };
}

async function decodedObject(server: Server, request: ResourceRequest, options: WriteOptions): Promise<KubeObject> {
  const { definition, info } = request;
  const body = await readObject(request.request, expectedOf(request), { ...options, warnings: request.warnings, isSent: true });
  placeInNamespace(body, definition.type, info.namespace);
  checkName(body, info.name);
  return storedForm(request, body, server.world.clock.now());
}
