/** What building a container may need to know of the rest of the cluster. */
import type { ClusterTrustBundle, ConfigMap, RuntimeClass, Secret, Service } from '../../functions/kube/generated/types.ts';

export interface Lookup {
  configMap(namespace: string, name: string): ConfigMap | undefined;
  secret(namespace: string, name: string): Secret | undefined;
  services(): readonly Service[];
  clusterTrustBundles(): readonly ClusterTrustBundle[];
  runtimeClass(name: string): RuntimeClass | undefined;
}

/** What the pod's spec refers to is not there, or does not make sense. The message is what kubectl shows. */
export class ContainerConfigError extends Error {
  override name = 'ContainerConfigError';
}
