/** PATCH of an object or its status. The patch is applied to the newest state, so it never loses a race. */
import { copy } from '../../kube/copy.ts';
import type { KubeObject } from '../../kube/object.ts';
import { forbidden } from '../../kube/status-error.ts';
import { writeOptionsOf } from '../http/request-options.ts';
import type { Answer } from '../http/respond.ts';
import { appliedObject, isApply, readConfiguration } from '../registry/apply-document.ts';
import { checkName, storedForm } from '../registry/decode.ts';
import { placeInNamespace } from '../registry/object-metadata.ts';
import { type Patch, patched, readPatch } from '../registry/patch-document.ts';
import { fromStored } from '../registry/served-form.ts';
import { type Update, updateObject, type Wanted } from '../registry/update-object.ts';
import { mainStrategy, statusStrategy, type UpdateStrategy } from '../registry/update-strategies.ts';
import { writeRequest } from '../registry/write-request.ts';
import { expectedOf, type ResourceRequest, type Server } from '../server.ts';

export const patch = (server: Server, request: ResourceRequest): Promise<Answer> => patchWith(server, request, mainStrategy);

export const patchStatus = (server: Server, request: ResourceRequest): Promise<Answer> => patchWith(server, request, statusStrategy);

async function patchWith(server: Server, request: ResourceRequest, strategy: UpdateStrategy): Promise<Answer> {
  if (isApply(request.request)) return applyWith(server, request, strategy);
  // What is wrong with the query is refused before what is wrong with the body.
  writeOptionsOf(request.url.searchParams, 'PatchOptions', 'other');
  const object = await patchObject(server, request, strategy, await readPatch(request.request));
  return { kind: 'object', code: 200, shown: { object } };
}

export async function patchObject(server: Server, request: ResourceRequest, strategy: UpdateStrategy, change: Patch): Promise<KubeObject> {
  const { definition, served, info } = request;
  const options = writeOptionsOf(request.url.searchParams, 'PatchOptions', 'other');
  const target = { expected: expectedOf(request), options: { ...options, warnings: request.warnings } };
  const transform = (current: KubeObject): Wanted => {
    const next = patched(fromStored(served, current), change, target);
    placeInNamespace(next, definition.type, info.namespace);
    checkName(next, info.name);
    return { outcome: 'update', object: copy(storedForm(request, next, server.world.clock.now())) };
  };
  const { object } = await updateObject(writeRequest(server, request, options), { strategy, transform });
  return object;
}

/** What is applied and not there yet is created, by who may create it. */
async function applyWith(server: Server, request: ResourceRequest, strategy: UpdateStrategy): Promise<Answer> {
  const options = writeOptionsOf(request.url.searchParams, 'PatchOptions', 'apply');
  const configuration = await readConfiguration(request.request);
  const write = { ...writeRequest(server, request, options), isRecorded: true };
  const next = (current: KubeObject | undefined): KubeObject => {
    const object = appliedObject(write, configuration, current);
    placeInNamespace(object, request.definition.type, request.info.namespace);
    checkName(object, request.info.name);
    return copy(storedForm(request, object, server.world.clock.now()));
  };
  const change: Update = { strategy, transform: (current) => ({ outcome: 'update', object: next(current) }) };
  const createMissing = async (): Promise<KubeObject> => {
    const object = next(undefined);
    await checkMayCreate(server, request);
    return object;
  };
  const updated = await updateObject(write, strategy === mainStrategy ? { ...change, createMissing } : change);
  return { kind: 'object', code: updated.isNew ? 201 : 200, shown: { object: updated.object } };
}

/** Source: apiserver, pkg/endpoints/handlers/create.go, withAuthorization. */
async function checkMayCreate({ authorizer }: Server, { definition, info, user }: ResourceRequest): Promise<void> {
  const { allowed, reason } = await authorizer.authorize(user, { ...info, verb: 'create' });
  if (!allowed) throw forbidden(definition.type, info.name, reason);
}
