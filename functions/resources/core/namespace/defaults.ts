import type { Namespace } from '../../../kube/generated/types.ts';

/** Selectors of namespaces find a namespace by its name through this label. */
const nameLabel = 'kubernetes.io/metadata.name';

export function setNamespaceDefaults(namespace: Namespace): void {
  const { name } = namespace.metadata;
  // A generated name is not known yet; creation calls this again once it is.
  if (name) namespace.metadata.labels = { ...namespace.metadata.labels, [nameLabel]: name };
  namespace.status = { ...namespace.status, phase: namespace.status?.phase || 'Active' };
}
