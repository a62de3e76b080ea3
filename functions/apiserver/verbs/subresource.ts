/**
 * The subresources that a definition brings along: writes of the parent (binding, finalize, eviction), answers that
 * are computed (token), and connections to the node (log, exec).
 */
import { copy } from '../../kube/copy.ts';
import { type Json, type JsonObject, type KubeObject, nameOf, isJsonObject } from '../../kube/object.ts';
import { apiVersionOf, resourceType } from '../../kube/resource-type.ts';
import { forbidden, StatusError } from '../../kube/status-error.ts';
import type { View } from '../../kube/view.ts';
import type {
  ComputedSubresource,
  ConnectParameter,
  ConnectSubresource,
  ObjectSubresource,
  SubresourceOutcome,
} from '../../resources/definition.ts';
import { methodNotAllowed } from '../http/api-errors.ts';
import { parsed as parsedDeleteOptions } from '../http/delete-options.ts';
import { isTrue } from '../http/request-info.ts';
import { type WriteOptions, writeOptionsObject, writeOptionsOf } from '../http/request-options.ts';
import type { Answer } from '../http/respond.ts';
import { admissionOf } from '../registry/admission.ts';
import { appliedObject, isApply, readConfiguration } from '../registry/apply-document.ts';
import { checkName, readObject, type Expected, storedForm } from '../registry/decode.ts';
import { placeInNamespace } from '../registry/object-metadata.ts';
import { patched, type PatchTarget, readPatch } from '../registry/patch-document.ts';
import { fromStored } from '../registry/served-form.ts';
import { updateObject, type Wanted } from '../registry/update-object.ts';
import { subresourceStrategy } from '../registry/update-strategies.ts';
import { fieldManagerOf, type WriteRequest, writeRequest } from '../registry/write-request.ts';
import { expectedOf, type ResourceRequest, type Server } from '../server.ts';
import { get, getStored } from './get.ts';

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
  body === undefined || bodySchema === undefined ? expectedOf(request) : { ...body, schema: bodySchema };

const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };

/** The body names what to do to the parent: bind it, evict it. Admission sees the body, as of a creation. */
async function post(server: Server, request: ResourceRequest, subresource: ObjectSubresource<KubeObject>): Promise<Answer> {
  const options = writeOptionsOf(request.url.searchParams, 'CreateOptions');
  const sent = await readObject(request.request, bodyOf(request, subresource), { ...options, warnings: request.warnings });
  await postBody(server, request, subresource, { sent, options });
  return { kind: 'other', code: 201, object: success };
}

interface Sent {
  readonly sent: KubeObject;
  readonly options: WriteOptions;
}

/** What is done with a body that was read. */
export async function postBody(
  server: Server,
  request: ResourceRequest,
  subresource: ObjectSubresource<KubeObject>,
  { sent, options }: Sent,
): Promise<void> {
  const expected = bodyOf(request, subresource);
  placeInNamespace(sent, request.definition.type, request.info.namespace);
  if (nameOf(sent) !== '') checkName(sent, request.info.name);
  const { dryRun } = options;
  const asked = {
    operation: 'CREATE',
    name: request.info.name,
    dryRun,
    options: writeOptionsObject(options, 'CreateOptions'),
    kind: expected,
  } as const;
  const admission = await admissionOf(server, request, asked);
  const body = await admission.mutate(sent, undefined);
  subresource.checkBody?.(body);
  await admission.validate(body, undefined);
  // The body has managers of its own, which are not stored.
  const write = { ...writeRequest(server, request, options), isRecorded: true };
  const transform = (current: KubeObject, view: View): Wanted =>
    outcomeOf(subresource.write(copy(current), body, write.context, view), current, body);
  await updateObject(write, {
    strategy: subresourceStrategy(subresource),
    transform,
    isAdmitted: true,
    ...(subresource.lists === undefined ? {} : { lists: subresource.lists }),
  });
}

/** The body is the parent as it should be. */
async function replace(server: Server, request: ResourceRequest, subresource: ObjectSubresource<KubeObject>): Promise<Answer> {
  const isPatch = request.info.verb === 'patch';
  if (isPatch && isApply(request.request)) return applyTo(server, request, subresource);
  const options = writeOptionsOf(request.url.searchParams, isPatch ? 'PatchOptions' : 'UpdateOptions', isPatch ? 'other' : undefined);
  const target = { expected: bodyOf(request, subresource), options: { ...options, warnings: request.warnings } };
  const bodyFor = isPatch ? await patchedBody(request, target) : await sentBody(request, target);
  return writeBody(writeRequest(server, request, options), subresource, bodyFor);
}

async function applyTo(server: Server, request: ResourceRequest, subresource: ObjectSubresource<KubeObject>): Promise<Answer> {
  const options = writeOptionsOf(request.url.searchParams, 'PatchOptions', 'apply');
  const configuration = await readConfiguration(request.request);
  const write = { ...writeRequest(server, request, options), isRecorded: true };
  const bodyFor = (current: KubeObject): KubeObject => {
    const body = appliedObject(write, configuration, current);
    checkName(body, request.info.name);
    return storedForm(request, body);
  };
  return writeBody(write, subresource, bodyFor);
}

async function writeBody(write: WriteRequest, subresource: ObjectSubresource<KubeObject>, bodyFor: BodyFor): Promise<Answer> {
  const transform = (current: KubeObject, view: View): Wanted => {
    const body = bodyFor(current);
    const outcome = outcomeOf(subresource.write(copy(current), body, write.context, view), current, body);
    if (write.isRecorded === true && outcome.outcome === 'update') withManagersOf(outcome.object, body);
    return outcome;
  };
  const { object } = await updateObject(write, { strategy: subresourceStrategy(subresource), transform });
  return { kind: 'object', code: 200, shown: { object } };
}

type BodyFor = (current: KubeObject) => KubeObject;

function withManagersOf({ metadata }: KubeObject, { metadata: { managedFields } }: KubeObject): void {
  if (managedFields === undefined) delete metadata.managedFields;
  else metadata.managedFields = managedFields;
}

async function patchedBody(request: ResourceRequest, target: PatchTarget): Promise<BodyFor> {
  const change = await readPatch(request.request);
  return (current) => storedForm(request, patched(fromStored(request.served, current), change, target));
}

async function sentBody(request: ResourceRequest, target: PatchTarget): Promise<BodyFor> {
  const sent = await readObject(request.request, target.expected, target.options);
  placeInNamespace(sent, request.definition.type, request.info.namespace);
  checkName(sent, request.info.name);
  const body = storedForm(request, sent);
  return () => body;
}

/** The uid and the resourceVersion of the body are preconditions. */
function outcomeOf(outcome: SubresourceOutcome<KubeObject>, current: KubeObject, body: KubeObject): Wanted {
  if (outcome.outcome === 'delete') return { ...outcome, options: parsedDeleteOptions(jsonObjectOf(outcome.options)) };
  const { uid = current.metadata.uid, resourceVersion = current.metadata.resourceVersion } = body.metadata;
  return { ...outcome, object: { ...outcome.object, metadata: { ...outcome.object.metadata, uid, resourceVersion } } };
}

/** Options that a subresource found in its body: JSON, as the body was. */
const jsonObjectOf = (options: unknown): JsonObject => (isJsonObject(options) ? options : {});

export async function computedSubresource(server: Server, request: ResourceRequest, subresource: ComputedSubresource): Promise<Answer> {
  if (!subresource.verbs.some((verb) => verb === request.info.verb)) throw methodNotAllowed();
  const computation = server.computations[subresource.computation];
  if (computation === undefined) throw new StatusError(501, 'NotImplemented', `${subresource.name} is not available on this server`);
  const options = writeOptionsOf(request.url.searchParams, 'CreateOptions');
  const { dryRun } = options;
  const expected = { ...subresource.body, schema: subresource.bodySchema };
  const body = await readObject(request.request, expected, { ...options, warnings: request.warnings });
  const { object: parent } = await getStored(server, request);
  const { name } = request.info;
  const asked = {
    operation: 'CREATE',
    name,
    dryRun,
    options: writeOptionsObject(options, 'CreateOptions'),
    kind: subresource.body,
  } as const;
  const admission = await admissionOf(server, request, asked);
  const { namespace } = request.info;
  placeInNamespace(body, { namespaced: namespace !== '' }, namespace);
  await server.fieldManagers.load?.();
  recordBody(writeRequest(server, request, options), body, subresource);
  const placed = nameOf(body) === '' ? { ...body, metadata: { ...body.metadata, name } } : body;
  const admitted = await admission.mutate(placed, undefined);
  await admission.validate(admitted, undefined);
  const { definition, user } = request;
  return { kind: 'other', code: 201, object: await computation.compute(admitted, { definition, parent, user, dryRun }) };
}

/** The body has managers of its own, which are not stored. */
function recordBody(write: WriteRequest, body: KubeObject, { body: kind, bodySchema: schema }: ComputedSubresource): void {
  const { fieldManagers, world } = write.server;
  const { info } = write.request;
  const type = resourceType(apiVersionOf(kind), info.resource, kind.kind);
  const definition = { type, schema, singular: '', columns: [] };
  const subresource = info.subresource;
  const nowMs = world.clock.now();
  fieldManagers.record(body, undefined, { manager: fieldManagerOf(write), subresource, definition, served: definition, nowMs });
}

export async function connectSubresource(server: Server, request: ResourceRequest, subresource: ConnectSubresource): Promise<Response> {
  if (!subresource.verbs.some((verb) => verb === request.info.verb)) throw methodNotAllowed();
  const { connector } = server;
  if (connector === undefined) throw new StatusError(501, 'NotImplemented', `${subresource.name} is not available on this server`);
  if (subresource.transport === 'upgrade') await authorizeCreation(server, request);
  const { object } = await getStored(server, request);
  const { definition, info, user, connection } = request;
  const { namespace, name } = info;
  const kind = { group: definition.type.group, version: definition.type.version, kind: subresource.optionsKind };
  // A log is read, not connected to.
  if (subresource.transport === 'upgrade') {
    const admission = await admissionOf(server, request, { operation: 'CONNECT', name, dryRun: false, options: {}, kind });
    await admission.review(undefined, { object: connectOptions(subresource, request) });
  }
  return connector.connect(request.request, { definition, subresource, namespace, name, object, user, connection });
}

/** A WebSocket begins with a GET; what it carries is more than reading. Source: subresources.go (ensureAuthorizedForVerb) */
async function authorizeCreation({ authorizer }: Server, { user, info }: ResourceRequest): Promise<void> {
  if (info.verb === 'create') return;
  const { allowed, reason } = await authorizer.authorize(user, { ...info, verb: 'create' });
  if (!allowed) throw forbidden(info, info.name, reason);
}

/** What the query asks for, as an object of the kind that discovery names. */
function connectOptions(
  { optionsKind, parameters = [] }: ConnectSubresource,
  { url: { searchParams }, served }: ResourceRequest,
): KubeObject {
  const options: JsonObject = {};
  for (const { name, type } of parameters) {
    const values = searchParams.getAll(name);
    const value = connectValue(type, values);
    if (value !== undefined) options[name] = value;
  }
  return { kind: optionsKind, apiVersion: apiVersionOf(served.type), metadata: {}, ...options };
}

function connectValue(type: ConnectParameter['type'], values: readonly string[]): Json | undefined {
  const [first] = values;
  if (first === undefined) return undefined;
  switch (type) {
    case 'boolean':
      return isTrue(first) ? true : undefined;
    case 'integer':
      return Number(first);
    case 'string':
      return first;
    case 'strings':
      return [...values];
    case 'integers':
      return values.flatMap((value) => value.split(',')).map(Number);
    default:
      return type satisfies never;
  }
}
