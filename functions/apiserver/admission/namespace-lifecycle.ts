/**
 * Keeps the namespaces that the cluster itself lives in. That a namespace exists and is not terminating when something
 * is created in it is decided where it cannot change any more: at the commit point, in the registry.
 * Source: apiserver, pkg/admission/plugin/namespace/lifecycle/admission.go.
 */
import { namespaces } from '../../kube/resource-type.ts';
import type { AdmissionPlugin } from '../ports.ts';
import { isOf, refuse } from './refuse.ts';

const immortal: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease']);

export const namespaceLifecycle: AdmissionPlugin = {
  name: 'NamespaceLifecycle',
  handles: (attributes) => attributes.operation === 'DELETE' && isOf(attributes, namespaces),
  async admit(attributes) {
    if (immortal.has(attributes.name)) throw refuse(attributes, 'this namespace may not be deleted');
  },
};
