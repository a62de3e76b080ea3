/** PATCH of an object or its status. The patch is applied to the newest state, so it never loses a race. */
import { copy } from '../../kube/copy.ts';
import type { KubeObject } from '../../kube/object.ts';
import { writeOptionsOf } from '../http/request-options.ts';
import type { Answer } from '../http/respond.ts';
import { patched, readPatch } from '../registry/patch-document.ts';
import { mainStrategy, statusStrategy, updateObject, type UpdateStrategy } from '../registry/update-object.ts';
import { fromStored, toStored } from '../registry/served-form.ts';
import { expectedOf, type ResourceRequest, type Server } from '../server.ts';
import { checkName } from './update.ts';

export const patch = (server: Server, request: ResourceRequest): Promise<Answer> => patchWith(server, request, mainStrategy);

export const patchStatus = (server: Server, request: ResourceRequest): Promise<Answer> => patchWith(server, request, statusStrategy);

async function patchWith(server: Server, request: ResourceRequest, strategy: UpdateStrategy): Promise<Answer> {
  const { definition, served, info } = request;
  const options = writeOptionsOf(request.url.searchParams, 'PatchOptions');
  const change = await readPatch(request.request);
  const target = { expected: expectedOf(served), options: { ...options, warnings: request.warnings } };
  const transform = (current: KubeObject): KubeObject => {
    const patchedForm = patched(fromStored(served, current), change, target);
    checkName(patchedForm, info);
    const next = toStored(served, patchedForm);
    definition.setDefaults?.(next);
    return copy(next);
  };
  const updated = await updateObject(server, request, { name: info.name, dryRun: options.dryRun, strategy, transform });
  for (const warning of definition.warnings?.(updated) ?? []) request.warnings.add(warning);
  return { kind: 'object', code: 200, shown: { object: updated } };
}
