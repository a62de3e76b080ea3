/**
 * What a client gets that asks for an object whose stored bytes are damaged. An administrator may delete the object.
 * Source: apiserver, pkg/storage/etcd3/corrupt_obj_deleter.go, pkg/registry/generic/registry/corrupt_obj_deleter.go.
 */
import type { Status } from '../../kube/generated/types.ts';
import { groupResource } from '../../kube/resource-type.ts';
import { conflict, forbidden, notFound, StatusError } from '../../kube/status-error.ts';
import { damageOf, type UnreadableObject } from '../../kube/unreadable-object.ts';
import type { Key } from '../../kube/view.ts';
import type { AnyDefinition } from '../../resources/definition.ts';
import type { ResourceRequest, Server } from '../server.ts';
import { commit, fromStore } from './commit.ts';
import { keyOf, registryRoot, storageKeyOf, storeResource } from './resource-index.ts';

const decodeText = ({ revision, message }: UnreadableObject): string => `object not decodable revision=${revision}: ${message}`;

const storageText = (path: string, { code, what, why }: { readonly code: number; readonly what: string; readonly why: string }): string =>
  `StorageError: ${what}, Code: ${code}, Key: ${path}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`;

/** `definition`: of the request's kind. An object of another kind may be the one that a write needs to read. */
function corruptText(damage: UnreadableObject, definition: AnyDefinition, root = ''): string {
  const { key } = damage;
  const path = key.resource === storeResource(definition) ? storageKeyOf(definition, key) : plainPath(key);
  return storageText(`${root}${path}`, { code: 7, what: 'corrupt object', why: decodeText(damage) });
}

const plainPath = ({ resource, namespace, name }: Key): string =>
  ['', resource.split('.')[0], ...(namespace === '' ? [] : [namespace]), name].join('/');

/** The answer to a request for one object. Upstream gives writes no reason. */
export function corruptObject(damage: UnreadableObject, { definition, info }: Pick<ResourceRequest, 'definition' | 'info'>): StatusError {
  if (info.verb === 'update' || info.verb === 'patch') return new StatusError(500, '', decodeText(damage), { cause: damage });
  const message = corruptText(damage, definition);
  return new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, {
    details: { causes: [{ message }] },
    cause: damage,
  });
}

/** A watch ends with it: its client lists anew, and that names the objects. */
export const corruptEvent = (damage: UnreadableObject, isDeletion: boolean): StatusError =>
  new StatusError(500, 'StorageReadError', `${isDeletion ? deletionText : ''}${decodeText(damage)}`, { cause: damage });

const deletionText = 'saw a DELETED event, but object data is corrupt - ';

/** Source: corrupt_obj_deleter.go, maxCorruptObjErrsToAggregate. */
const namedMax = 100;

/** The answer to a list: names each of them. */
export function corruptList({ store }: Server, { definition, info }: ResourceRequest, first: UnreadableObject): StatusError {
  const namespace = definition.type.namespaced && info.namespace !== '' ? info.namespace : undefined;
  const inPlace = store.view().list(storeResource(definition), namespace);
  const found = inPlace.flatMap((stored) => damageOf(stored) ?? []).slice(0, namedMax);
  const texts = (found.length === 0 ? [first] : found).map((damage) => [
    `${registryRoot}${storageKeyOf(definition, damage.key)}`,
    corruptText(damage, definition, registryRoot),
  ]);
  const { group, resource } = definition.type;
  const others = texts.length > 1 ? ` (and ${texts.length - 1} more)` : '';
  const causes = texts.map(([field, message]) => ({ reason: 'UnexpectedServerResponse', field, message }));
  const tooMany = found.length < namedMax ? [] : [{ reason: 'TooManyErrors', message: 'too many errors, the list is truncated' }];
  return new StatusError(
    500,
    'StorageReadError',
    `failed to read one or more ${groupResource(definition.type)} from the storage: ${texts[0]?.[1] ?? ''}${others}`,
    {
      details: { name: 'list', ...(group === '' ? {} : { group }), kind: resource, causes: [...causes, ...tooMany] },
      cause: first,
    },
  );
}

const unsafeVerb = 'unsafe-delete-ignore-read-errors';

/** Deletes an object that cannot be read, and no other. Preconditions, finalizers and admission need the object: none is asked. */
export async function deleteUnreadable(server: Server, request: ResourceRequest, dryRun: boolean): Promise<Status> {
  const { definition, served, info, user, annotations } = request;
  annotations.set('apiserver.k8s.io/unsafe-delete-ignore-read-error', '');
  const asked = { ...info, verb: unsafeVerb };
  const { allowed, reason } = await server.authorizer.authorize(user, asked);
  if (!allowed) throw forbidden(served.type, info.name, `not permitted to do "${unsafeVerb}", reason: ${reason}`);
  const key = keyOf(definition, info.namespace, info.name);
  await fromStore(() => server.store.fresh());
  await commit<undefined>(server, {
    keys: [key],
    decide(view) {
      const current = view.get(key);
      if (current === undefined) throw notFound(served.type, info.name);
      if (damageOf(current) === undefined) {
        const why = 'unsafe deletion is not allowed because the object is decodable from storage';
        throw conflict(
          served.type,
          info.name,
          storageText(`${registryRoot}${storageKeyOf(definition, key)}`, { code: 4, what: 'invalid object', why }),
        );
      }
      return dryRun
        ? { outcome: 'answer', answer: undefined }
        : { outcome: 'write', writes: [{ type: 'delete', key }], answer: () => undefined };
    },
  });
  const details = { name: info.name, kind: served.type.kind };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details, code: 200 };
}
