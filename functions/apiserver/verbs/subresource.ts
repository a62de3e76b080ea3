/**
 * The subresources that a definition brings along: writes of the parent (binding, finalize, eviction), answers that
 * are computed (token), and connections to the node (log, exec).
 */
import { copy } from '../../kube/copy.ts';
import type { JsonObject, KubeObject } from '../../kube/object.ts';
import { StatusError } from '../../kube/status-error.ts';
import type { ComputedSubresource, ConnectSubresource, ObjectSubresource } from '../../resources/definition.ts';
import { methodNotAllowed } from '../http/api-errors.ts';
import { parsed as parsedDeleteOptions } from '../http/delete-options.ts';
import { readBody } from '../http/request-body.ts';
import { type WriteOptions, writeOptionsOf } from '../http/request-options.ts';
import type { Answer } from '../http/respond.ts';
import { admit, attributesOf } from '../registry/admit.ts';
import { decodeBody, type Expected, isJsonObject } from '../registry/decode.ts';
import { deleteObject } from '../registry/delete-object.ts';
import { patched, readPatch } from '../registry/patch-document.ts';
import { subresourceStrategy, updateObject } from '../registry/update-object.ts';
import { expectedOf, type ResourceRequest, type Server, writeContext } from '../server.ts';
import { get, getStored } from './get.ts';
import { checkName } from './update.ts';

export async function objectSubresource(
  server: Server,
  request: ResourceRequest,
  subresource: ObjectSubresource<KubeObject>,
): Promise<Answer> {
  const verb = subresource.verbs.find((one) => one === request.info.verb);
  switch (verb) {
    case 'get':
      return get(server, request);
    case 'create':
      return post(server, request, subresource);
    case 'update':
    case 'patch':
      return replace(server, request, subresource);
    case undefined:
      throw methodNotAllowed();
    default:
      return verb satisfies never;
  }
}

const bodyOf = (request: ResourceRequest, { body, bodySchema }: ObjectSubresource<KubeObject>): Expected =>
  body === undefined || bodySchema === undefined ? expectedOf(request.served) : { ...body, schema: bodySchema };

const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };

/** The body says what to do to the parent: bind it, evict it. */
async function post(server: Server, request: ResourceRequest, subresource: ObjectSubresource<KubeObject>): Promise<Answer> {
  const options = writeOptionsOf(request.url.searchParams, 'CreateOptions');
  const body = decodeBody(await readBody(request.request), bodyOf(request, subresource), { ...options, warnings: request.warnings });
  if ((body.metadata.name ?? '') !== '') checkName(body, request.info);
  await write(server, request, subresource, { options, bodyFor: () => body, preconditions: body });
  return { kind: 'other', code: 201, object: subresource.answers === 'body' ? body : success };
}

/** The body is the parent as it should be. */
async function replace(server: Server, request: ResourceRequest, subresource: ObjectSubresource<KubeObject>): Promise<Answer> {
  const isPatch = request.info.verb === 'patch';
  const options = writeOptionsOf(request.url.searchParams, isPatch ? 'PatchOptions' : 'UpdateOptions');
  const target = { expected: bodyOf(request, subresource), options: { ...options, warnings: request.warnings } };
  if (isPatch) {
    const change = await readPatch(request.request);
    const bodyFor = (current: KubeObject): KubeObject => patched(current, change, target);
    return { kind: 'object', code: 200, shown: { object: await write(server, request, subresource, { options, bodyFor }) } };
  }
  const body = decodeBody(await readBody(request.request), target.expected, target.options);
  checkName(body, request.info);
  const object = await write(server, request, subresource, { options, bodyFor: () => body });
  return { kind: 'object', code: 200, shown: { object } };
}

interface SubresourceWrite {
  readonly options: WriteOptions;
  bodyFor(current: KubeObject): KubeObject;
  /** Where uid and resourceVersion are asked for; the body for the current object when left out. */
  readonly preconditions?: KubeObject;
}

async function write(
  server: Server,
  request: ResourceRequest,
  subresource: ObjectSubresource<KubeObject>,
  { options, bodyFor, preconditions }: SubresourceWrite,
): Promise<KubeObject> {
  const { name } = request.info;
  const context = writeContext(server, request.user);
  const first = await getStored(server, request);
  const outcome = subresource.write(copy(first.object), bodyFor(first.object), context);
  if (outcome.outcome === 'delete') {
    const deletion = parsedDeleteOptions(jsonObjectOf(outcome.options));
    const { object } = await deleteObject(server, request, name, { ...deletion, dryRun: deletion.dryRun || options.dryRun });
    return object;
  }
  const transform = (current: KubeObject): KubeObject => {
    const body = bodyFor(current);
    const next = subresource.write(copy(current), body, context);
    if (next.outcome === 'delete') throw new StatusError(500, 'InternalError', 'Internal error occurred: the subresource changed its mind');
    const { uid, resourceVersion } = (preconditions ?? body).metadata;
    const metadata = {
      ...next.object.metadata,
      uid: uid ?? current.metadata.uid,
      resourceVersion: resourceVersion ?? current.metadata.resourceVersion,
    };
    return { ...next.object, metadata };
  };
  return updateObject(server, request, { name, dryRun: options.dryRun, strategy: subresourceStrategy(subresource), transform });
}

/** Options that a subresource found in its body: JSON, as the body was. */
function jsonObjectOf(options: unknown): JsonObject {
  const json: unknown = options ?? {};
  return typeof json === 'object' && json !== null && isJsonObject(json as JsonObject) ? (json as JsonObject) : {};
}

export async function computedSubresource(server: Server, request: ResourceRequest, subresource: ComputedSubresource): Promise<Answer> {
  if (!subresource.verbs.some((verb) => verb === request.info.verb)) throw methodNotAllowed();
  const computation = server.computations[subresource.computation];
  if (computation === undefined) throw new StatusError(501, 'NotImplemented', `${subresource.name} is not available on this server`);
  const { dryRun, fieldValidation } = writeOptionsOf(request.url.searchParams, 'CreateOptions');
  const expected = { ...subresource.body, schema: subresource.bodySchema };
  const body = decodeBody(await readBody(request.request), expected, { fieldValidation, warnings: request.warnings });
  const { object: parent } = await getStored(server, request);
  const shown = { operation: 'CREATE' as const, object: body, oldObject: undefined, name: request.info.name, dryRun };
  const admitted = (await admit(server, attributesOf(request, shown))) ?? body;
  const { definition, user } = request;
  return { kind: 'other', code: 201, object: await computation.compute(admitted, { definition, parent, user, dryRun }) };
}

export async function connectSubresource(server: Server, request: ResourceRequest, subresource: ConnectSubresource): Promise<Response> {
  if (!subresource.verbs.some((verb) => verb === request.info.verb)) throw methodNotAllowed();
  const { connector } = server;
  if (connector === undefined) throw new StatusError(501, 'NotImplemented', `${subresource.name} is not available on this server`);
  const { object } = await getStored(server, request);
  const { definition, info, user, connection } = request;
  await admit(
    server,
    attributesOf(request, { operation: 'CONNECT', object: undefined, oldObject: object, name: info.name, dryRun: false }),
  );
  const { namespace, name } = info;
  return connector.connect(request.request, { definition, subresource, namespace, name, object, user, connection });
}
