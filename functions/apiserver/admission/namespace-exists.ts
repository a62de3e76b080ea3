/**
 * Nothing is written in a namespace that does not exist, deletions included.
 * Source: plugin/pkg/admission/namespace/exists/admission.go.
 */
import { namespaces } from '../../kube/resource-type.ts';
import { notFound } from '../../kube/status-error.ts';
import type { AdmissionPlugin } from '../ports.ts';
import { namespaceKey } from './namespace-lifecycle.ts';

export const namespaceExists: AdmissionPlugin = {
  name: 'NamespaceExists',
  handles: ({ type }) => type.namespaced,
  commit: {
    operations: ['create', 'update', 'delete'],
    apply({ key: { namespace } }, view) {
      if (view.get(namespaceKey(namespace)) === undefined) throw notFound(namespaces, namespace);
      return {};
    },
  },
};
