/** The class that claims on this machine get by themselves: directories below the cluster's own, which go with its data. */
import type { Client } from '../../functions/client/client.ts';
import { localPathProvisioner } from '../../functions/kube/local-path.ts';
import { storageClasses } from '../../functions/kube/resource-type.ts';
import { isAlreadyExists } from '../../functions/kube/status-error.ts';

export async function createDefaultStorageClass(client: Pick<Client, 'create'>, path: string): Promise<void> {
  try {
    await client.create(storageClasses, {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'local-path', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: localPathProvisioner,
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'WaitForFirstConsumer',
      parameters: { path },
    });
  } catch (error) {
    // The class is of an older version, or a user's own.
    if (!isAlreadyExists(error)) throw error;
  }
}
