/** The objects of a backup, as a store takes them. Throws BackupError for a key that no object can have. */
import { nameOf, namespaceOf } from '../../functions/kube/object.ts';
import type { Key } from '../../functions/kube/view.ts';
import { checkKey } from '../../functions/store/keys.ts';
import type { LoadedObject } from '../../functions/store/load-objects.ts';
import { BackupError, type BackupObjectLine } from './backup-lines.ts';

export async function* loadedObjects(lines: AsyncIterable<BackupObjectLine>): AsyncGenerator<LoadedObject> {
  for await (const { resource, object } of lines) {
    const key = { resource, namespace: namespaceOf(object), name: nameOf(object) };
    refuseKey(key);
    yield { key, revision: Number(object.metadata.resourceVersion), json: JSON.stringify(object) };
  }
}

function refuseKey(key: Key): void {
  try {
    checkKey(key);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new BackupError(`the backup is damaged: ${error.message}`);
  }
}
