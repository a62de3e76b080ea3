/** PATCH of an object or its status. The patch is applied to the newest state, so it never loses a race. */
import { copy } from '../../kube/copy.ts';
import type { KubeObject } from '../../kube/object.ts';
import { writeOptionsOf } from '../http/request-options.ts';
import type { Answer } from '../http/respond.ts';
import { checkName, storedForm } from '../registry/decode.ts';
import { placeInNamespace } from '../registry/object-metadata.ts';
import { patched, readPatch } from '../registry/patch-document.ts';
import { fromStored } from '../registry/served-form.ts';
import { updateObject, type Wanted } from '../registry/update-object.ts';
import { mainStrategy, statusStrategy, type UpdateStrategy } from '../registry/update-strategies.ts';
import { writeRequest } from '../registry/write-request.ts';
import { expectedOf, type ResourceRequest, type Server } from '../server.ts';

export const patch = (server: Server, request: ResourceRequest): Promise<Answer> => patchWith(server, request, mainStrategy);

export const patchStatus = (server: Server, request: ResourceRequest): Promise<Answer> => patchWith(server, request, statusStrategy);

async function patchWith(server: Server, request: ResourceRequest, strategy: UpdateStrategy): Promise<Answer> {
  const { definition, served, info } = request;
  const options = writeOptionsOf(request.url.searchParams, 'PatchOptions');
  const change = await readPatch(request.request, request.definition);
  const target = { expected: expectedOf(served), options: { ...options, warnings: request.warnings } };
  const transform = (current: KubeObject): Wanted => {
    const next = patched(fromStored(served, current), change, target);
    placeInNamespace(next, definition.type, info.namespace);
    checkName(next, info.name);
    return { outcome: 'update', object: copy(storedForm(request, next)) };
  };
  const { object } = await updateObject(writeRequest(server, request, options), { strategy, transform });
  return { kind: 'object', code: 200, shown: { object } };
}
