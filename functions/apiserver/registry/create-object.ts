/**
 * Creates one object: mutating admission, what the kind prepares, validation, validating admission, commit.
 * Source: apiserver, pkg/endpoints/handlers/create.go, pkg/registry/rest/create.go, pkg/registry/generic/registry/store.go.
 */
import { copy } from '../../kube/copy.ts';
import { type FieldError, invalidObject } from '../../kube/field-error.ts';
import { generatedName, pathSegmentErrors } from '../../kube/names.ts';
import { type KubeObject, nameOf } from '../../kube/object.ts';
import { groupResource } from '../../kube/resource-type.ts';
import { alreadyExists, isAlreadyExists, StatusError } from '../../kube/status-error.ts';
import type { View } from '../../kube/view.ts';
import type { AnyDefinition } from '../../resources/definition.ts';
import { declaredLast } from '../../resources/declared-errors.ts';
import { validateObjectMeta, validatePathNames } from '../../resources/metadata-validation.ts';
import type { Decision } from '../../store/store.ts';
import { writeOptionsObject } from '../http/request-options.ts';
import { type Admission, admissionAttemptsMax, admissionOf } from './admission.ts';
import { checkBounds } from './bounds.ts';
import { commit } from './commit.ts';
import { commitRules, publish } from './commit-rules.ts';
import { recordFields, settleFields } from './managed-fields.ts';
import { dropServerFields, fillMetadata, isCustom, metadataErrors, placeInNamespace } from './object-metadata.ts';
import { kindOf, typeErrors } from './object-type.ts';
import { keyOf } from './resource-index.ts';
import { committed } from './served-form.ts';
import type { WriteRequest } from './write-request.ts';

/** Source: store.go, maxNameGenerationCreateAttempts. */
const generateAttemptsMax = 8;

/** How a creation came about: by a POST, or by a write of an object that was not there. */
type Origin = 'post' | 'update';

/** What is no number of 64 bits, or none at all, counts as no revision. */
const isRevision = (text = ''): boolean => /^\d{1,20}$/.test(text) && BigInt(text) > 0n && BigInt(text) < 2n ** 64n;

/** `object` is decoded, in its stored form, and may be changed. */
export async function createObject(write: WriteRequest, object: KubeObject, origin: Origin = 'post'): Promise<KubeObject> {
  const { request, options } = write;
  request.named(nameOf(object));
  placeInNamespace(object, request.definition.type, request.info.namespace);
  // Upstream's store refuses it, which a dry run does not reach; an update of what is not there ignores it.
  if (!options.dryRun) {
    if (origin === 'post' && isRevision(object.metadata.resourceVersion)) {
      throw new StatusError(500, 'InternalError', 'resourceVersion should not be set on objects to be created');
    }
    delete object.metadata.resourceVersion;
  }
  dropServerFields(object.metadata);
  recordFields(write, object, undefined);
  for (let attempt = 1; attempt <= admissionAttemptsMax; attempt += 1) {
    const created = await createAdmitted(write, copy(object));
    if (created !== moved) return created;
  }
  throw new StatusError(504, 'Timeout', 'Timeout: the rules of admission changed faster than the object could be admitted');
}

const moved = Symbol('the rules of admission changed while they were applied');

async function createAdmitted(write: WriteRequest, object: KubeObject): Promise<KubeObject | typeof moved> {
  const { server, request, options } = write;
  const asked = {
    operation: 'CREATE',
    name: nameOf(object),
    dryRun: options.dryRun,
    options: writeOptionsObject(options, 'CreateOptions'),
  } as const;
  const admission = await admissionOf(server, request, asked);
  await admission.load();
  const admitted = await admission.mutate(object, undefined);
  const { generateName = '' } = admitted.metadata;
  if (generateName === '') return createNamed(write, admission, admitted);
  // A plug-in, or the client, may have named it all the same.
  const attempts = nameOf(admitted) === '' ? generateAttemptsMax : 1;
  for (let attempt = 1; ; attempt += 1) {
    const named = copy(admitted);
    if (nameOf(named) === '') named.metadata.name = nameFrom(generateName, write);
    try {
      return await createNamed(write, admission, named);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      if (attempt === attempts) throw noUniqueName(request.definition, nameOf(named));
    }
  }
}

const nameFrom = (prefix: string, { request, server }: WriteRequest): string =>
  request.definition.extendsNamePrefix === false ? prefix : generatedName(prefix, server.world.random);

function noUniqueName({ type }: AnyDefinition, name: string): StatusError {
  const details = { name, ...(type.group === '' ? {} : { group: type.group }), kind: type.resource, retryAfterSeconds: 1 };
  const message = `${groupResource(type)} ${JSON.stringify(name)} already exists, the server was not able to generate a unique name for the object`;
  return new StatusError(409, 'AlreadyExists', message, { details });
}

async function createNamed(write: WriteRequest, admission: Admission, object: KubeObject): Promise<KubeObject | typeof moved> {
  const { server, request, options, context } = write;
  const { definition, info } = request;
  // Admission may have moved it.
  placeInNamespace(object, definition.type, info.namespace);
  prepare(write, object);
  await admission.validate(object, undefined);
  definition.completeValid?.(object);
  const key = keyOf(definition, info.namespace, nameOf(object));
  checkBounds(definition, key, object);
  const rules = commitRules(definition, 'create', admission.committing);
  const decide = (view: View): Decision<KubeObject | typeof moved> => {
    if (!admission.isCurrent(view)) return { outcome: 'answer', answer: moved };
    const next = rules.changesObject ? copy(object) : object;
    const change = { operation: 'create', subresource: info.subresource, key, next, current: undefined } as const;
    const writes = rules.apply(change, view, context);
    if (view.get(key) !== undefined) throw alreadyExists(request.served.type, key.name);
    const made = committed(request.served, next);
    if (options.dryRun) return { outcome: 'answer', answer: made };
    return {
      outcome: 'write',
      writes: [...writes, { type: 'create', key, object: made }],
      answer: (stored) => stored.at(-1)?.object ?? made,
    };
  };
  try {
    return await commit(server, { keys: [key], lists: [...rules.lists, ...admission.lists], decide });
  } finally {
    publish(rules, request);
  }
}

/** Checked of an object in which its kind finds nothing wrong. */
const commonErrors = ({ metadata }: KubeObject, { checksOwnMetadata, type: { namespaced } }: AnyDefinition): FieldError[] =>
  checksOwnMetadata === true
    ? validateObjectMeta(metadata, { namespaced, isCustom: true, validateName: pathSegmentErrors })
    : validatePathNames(metadata);

/** What the server and the kind decide about a new object, and whether it is valid then. Changes in place. */
function prepare(write: WriteRequest, object: KubeObject): void {
  const { server, request, context } = write;
  const { definition, warnings } = request;
  fillMetadata(object, definition, server.world);
  // Go prints a status that is a struct even when it is empty.
  if (definition.hasStatus === true) object.status = definition.keepsNewStatus === true ? (object.status ?? {}) : {};
  definition.prepareForCreate?.(object, context);
  const ofType = typeErrors(object, request);
  const own =
    ofType.length > 0
      ? ofType
      : [
          ...(definition.checksOwnMetadata === true ? [] : metadataErrors(object, definition)),
          ...(definition.validate?.(object, undefined, request.served.type) ?? []),
        ];
  const errors = own.length > 0 ? declaredLast(own, definition.declared) : commonErrors(object, definition);
  if (errors.length > 0) throw invalidObject(kindOf(object, definition), nameOf(object), errors, isCustom(definition));
  for (const warning of definition.warnings?.(object) ?? []) warnings.add(warning);
  if (server.hasControllers && definition.hasController === false) {
    warnings.add(`${groupResource(definition.type)} are stored, but no controller acts on them yet`);
  }
  settleFields(write, object);
}
