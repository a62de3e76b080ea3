/** Creates one object. Source: apiserver, pkg/registry/rest/create.go and pkg/registry/generic/registry/store.go. */
import { copy } from '../../kube/copy.ts';
import { invalidObject } from '../../kube/field-error.ts';
import { generatedName } from '../../kube/names.ts';
import { type KubeObject, nameOf } from '../../kube/object.ts';
import { groupResource } from '../../kube/resource-type.ts';
import { alreadyExists, badRequest, isAlreadyExists, StatusError } from '../../kube/status-error.ts';
import type { View } from '../../kube/view.ts';
import type { AnyDefinition } from '../../resources/definition.ts';
import type { Decision } from '../../store/store.ts';
import { type ResourceRequest, type Server, writeContext } from '../server.ts';
import { admit, attributesOf } from './admit.ts';
import { commit } from './commit.ts';
import { checkNamespace, namespaceKey } from './namespace-check.ts';
import { fillMetadata, metadataErrors } from './object-metadata.ts';
import { keyOf } from './resource-index.ts';

/** Source: store.go, maxNameGenerationCreateAttempts. */
const generateAttemptsMax = 8;

export interface CreateOptions {
  readonly dryRun: boolean;
}

/** `object` is decoded and may be changed. */
export async function createObject(
  server: Server,
  request: ResourceRequest,
  object: KubeObject,
  options: CreateOptions,
): Promise<KubeObject> {
  placeInNamespace(object, request);
  if ((object.metadata.resourceVersion ?? '') !== '') {
    throw new StatusError(500, 'InternalError', 'resourceVersion should not be set on objects to be created');
  }
  const generateName = nameOf(object) === '' ? (object.metadata.generateName ?? '') : '';
  if (generateName === '') return createNamed(server, request, object, options);
  for (let attempt = 1; ; attempt += 1) {
    const named = copy(object);
    named.metadata.name = generatedName(generateName, server.world.random);
    try {
      return await createNamed(server, request, named, options);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      if (attempt === generateAttemptsMax) throw noUniqueName(request.definition, nameOf(named));
    }
  }
}

function noUniqueName({ type }: AnyDefinition, name: string): StatusError {
  const details = { name, ...(type.group === '' ? {} : { group: type.group }), kind: type.resource, retryAfterSeconds: 1 };
  const message = `${groupResource(type)} ${JSON.stringify(name)} already exists, the server was not able to generate a unique name for the object`;
  return new StatusError(409, 'AlreadyExists', message, { details });
}

/** The namespace of the URL counts; the body's may only agree. Source: rest/meta.go, EnsureObjectNamespaceMatchesRequestNamespace. */
export function placeInNamespace(object: KubeObject, { definition, info }: ResourceRequest): void {
  const { metadata } = object;
  if (!definition.type.namespaced) {
    delete metadata.namespace;
    return;
  }
  const given = metadata.namespace ?? '';
  if (given !== '' && given !== info.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  metadata.namespace = info.namespace;
}

async function createNamed(server: Server, request: ResourceRequest, object: KubeObject, options: CreateOptions): Promise<KubeObject> {
  const { definition } = request;
  const prepared = await prepare(server, request, object, options);
  const key = keyOf(definition, request.info.namespace, nameOf(prepared));
  const context = writeContext(server, request.user);
  const decide = (view: View): Decision<KubeObject> => {
    checkNamespace(view, definition, key);
    if (view.get(key) !== undefined) throw alreadyExists(definition.type, key.name);
    const next = definition.commit === undefined ? prepared : copy(prepared);
    const errors = definition.commit?.apply(next, undefined, view, context) ?? [];
    if (errors.length > 0) throw invalidObject(definition.type, key.name, errors);
    if (options.dryRun) return { outcome: 'answer', answer: next };
    return {
      outcome: 'write',
      writes: [{ type: 'create', key, object: next }],
      answer: ([stored]) => stored?.object ?? next,
    };
  };
  const keys = definition.type.namespaced ? [key, namespaceKey(key.namespace)] : [key];
  return commit(server, { keys, lists: definition.commit?.lists, decide });
}

async function prepare(server: Server, request: ResourceRequest, object: KubeObject, options: CreateOptions): Promise<KubeObject> {
  const { definition } = request;
  fillMetadata(object, definition, server.world);
  definition.setDefaults?.(object);
  const attributes = attributesOf(request, {
    operation: 'CREATE',
    object,
    oldObject: undefined,
    name: nameOf(object),
    dryRun: options.dryRun,
  });
  const admitted = (await admit(server, attributes)) ?? object;
  definition.prepareForCreate?.(admitted, writeContext(server, request.user));
  // Go prints a status that is a struct even when it is empty.
  if (definition.hasStatus === true) admitted.status ??= {};
  const errors = [...metadataErrors(admitted, definition), ...(definition.validate?.(admitted) ?? [])];
  if (errors.length > 0) throw invalidObject(definition.type, nameOf(admitted), errors);
  for (const warning of definition.warnings?.(admitted) ?? []) request.warnings.add(warning);
  return admitted;
}
