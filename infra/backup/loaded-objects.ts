/** The objects of a backup, as a store takes them. */
import { nameOf, namespaceOf } from '../../functions/kube/object.ts';
import type { LoadedObject } from '../../functions/store/load-objects.ts';
import type { BackupObjectLine } from './backup-lines.ts';

export async function* loadedObjects(lines: AsyncIterable<BackupObjectLine>): AsyncGenerator<LoadedObject> {
  for await (const { resource, object } of lines) {
    const key = { resource, namespace: namespaceOf(object), name: nameOf(object) };
    yield { key, revision: Number(object.metadata.resourceVersion), json: JSON.stringify(object) };
  }
}
