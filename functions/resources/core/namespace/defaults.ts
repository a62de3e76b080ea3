import type { Namespace } from '../../../kube/generated/types.ts';

/** Selectors of namespaces find a namespace by its name through this label. */
const nameLabel = 'kubernetes.io/metadata.name';

export function setNamespaceDefaults(namespace: Namespace): void {
  // A generated name is not known yet.
  if (namespace.metadata.name) setNameLabel(namespace);
  namespace.status = { ...namespace.status, phase: namespace.status?.phase || 'Active' };
}

export function setNameLabel({ metadata }: Namespace): void {
  metadata.labels = { ...metadata.labels, [nameLabel]: metadata.name ?? '' };
}
