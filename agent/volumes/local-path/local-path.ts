/** Directories that the local path provisioner promised: made with the first pod, removed after the claim. */
import { basename, dirname, join } from 'node:path';
import type { Client } from '../../../functions/client/client.ts';
import { copy } from '../../../functions/kube/copy.ts';
import type { PersistentVolume } from '../../../functions/kube/generated/types.ts';
import { localPathFinalizer, localPathOf, removingNodeOf } from '../../../functions/kube/local-path.ts';
import { persistentVolumes } from '../../../functions/kube/resource-type.ts';
import { isConflict, isNotFound } from '../../../functions/kube/status-error.ts';
import { Directory } from '../../files/directory.ts';
import { errorCode } from '../../files/error-code.ts';
import { removeTree } from '../../files/remove-tree.ts';

/** Containers run as any user, and the volume is theirs. */
const everyone = 0o777;

/** Does nothing for a volume of another provisioner. */
export async function makeLocalPath(volume: PersistentVolume): Promise<void> {
  const path = localPathOf(volume);
  if (path === undefined) return;
  await using parent = await Directory.make(dirname(path), 0o755);
  await parent.makeMissing(basename(path), everyone);
}

export async function removeLocalPath(volume: PersistentVolume): Promise<void> {
  const path = localPathOf(volume);
  if (path === undefined || volume.spec.persistentVolumeReclaimPolicy !== 'Delete') return;
  try {
    await using parent = await Directory.open(dirname(path));
    await using trash = await Directory.make(join(dirname(path), '.trash'), 0o700);
    await removeTree(parent, basename(path), trash);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

export interface CleanUpOptions {
  readonly nodeName: string;
  readonly volumes: readonly PersistentVolume[];
  readonly client: Pick<Client, 'update'>;
  readonly remove: (volume: PersistentVolume) => Promise<void>;
}

/** Removes the data of volumes that are to go, and lets them go. Doing it twice is harmless. */
export async function cleanUpLocalPaths({ nodeName, volumes, client, remove }: CleanUpOptions): Promise<void> {
  for (const volume of volumes) {
    const finalizers = volume.metadata.finalizers ?? [];
    if (removingNodeOf(volume) !== nodeName || !finalizers.includes(localPathFinalizer)) continue;
    await remove(volume);
    const next = copy(volume);
    next.metadata.finalizers = finalizers.filter((finalizer) => finalizer !== localPathFinalizer);
    try {
      await client.update(persistentVolumes, next);
    } catch (error) {
      // The volume is gone, or another client wrote it since: the next answer brings it again.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}
