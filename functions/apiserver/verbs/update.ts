/** PUT of an object or its status. */
import { copy } from '../../kube/copy.ts';
import { type KubeObject, nameOf, namespaceOf } from '../../kube/object.ts';
import { badRequest, isNotFound } from '../../kube/status-error.ts';
import { readBody } from '../http/request-body.ts';
import { type WriteOptions, writeOptionsOf } from '../http/request-options.ts';
import type { Answer } from '../http/respond.ts';
import { createObject } from '../registry/create-object.ts';
import { decodeBody } from '../registry/decode.ts';
import { mainStrategy, statusStrategy, updateObject, type UpdateStrategy } from '../registry/update-object.ts';
import { toStored } from '../registry/served-form.ts';
import { expectedOf, type ResourceRequest, type Server } from '../server.ts';

export const update = (server: Server, request: ResourceRequest): Promise<Answer> => put(server, request, mainStrategy);

export const updateStatus = (server: Server, request: ResourceRequest): Promise<Answer> => put(server, request, statusStrategy);

async function put(server: Server, request: ResourceRequest, strategy: UpdateStrategy): Promise<Answer> {
  const { definition, info } = request;
  const options = writeOptionsOf(request.url.searchParams, 'UpdateOptions');
  const object = await decodedObject(request, options);
  const update = { name: info.name, dryRun: options.dryRun, strategy, transform: () => copy(object) };
  try {
    const updated = await updateObject(server, request, update);
    for (const warning of definition.warnings?.(updated) ?? []) request.warnings.add(warning);
    return { kind: 'object', code: 200, shown: { object: updated } };
  } catch (error) {
    if (!isNotFound(error) || definition.allowsCreateOnUpdate !== true || strategy !== mainStrategy) throw error;
    return { kind: 'object', code: 201, shown: { object: await createObject(server, request, object, options) } };
  }
}

async function decodedObject(request: ResourceRequest, options: WriteOptions): Promise<KubeObject> {
  const { definition, served, info } = request;
  const body = decodeBody(await readBody(request.request), expectedOf(served), { ...options, warnings: request.warnings });
  checkName(body, info);
  const object = toStored(served, body);
  if (definition.type.namespaced) object.metadata.namespace = info.namespace;
  else delete object.metadata.namespace;
  definition.setDefaults?.(object);
  return object;
}

/** Source: apiserver, pkg/endpoints/handlers/rest.go, checkName. */
export function checkName(object: KubeObject, { name, namespace }: { readonly name: string; readonly namespace: string }): void {
  const given = nameOf(object);
  if (given === '') throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  if (given !== name) throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  const givenNamespace = namespaceOf(object);
  if (namespace !== '' && givenNamespace !== '' && givenNamespace !== namespace) {
    throw badRequest(`the namespace of the object (${givenNamespace}) does not match the namespace on the request (${namespace})`);
  }
}
