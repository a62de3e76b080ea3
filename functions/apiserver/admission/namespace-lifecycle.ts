/**
 * Nothing is created in a namespace that is missing or terminating: checked at the commit point, so that a namespace that
 * is empty stays so. The namespaces that the cluster itself lives in cannot be deleted.
 * Source: apiserver, pkg/admission/plugin/namespace/lifecycle/admission.go.
 */
import { isTerminating } from '../../kube/object.ts';
import { groupResource, namespaces } from '../../kube/resource-type.ts';
import { notFound, StatusError } from '../../kube/status-error.ts';
import type { Key } from '../../kube/view.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../ports.ts';
import { isOf, refuse } from './refuse.ts';

const immortal: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease']);

export const namespaceKey = (namespace: string): Key => ({ resource: groupResource(namespaces), namespace: '', name: namespace });

const terminating = ({ resource, namespace, name }: Key): StatusError => {
  const [kind = '', ...group] = resource.split('.');
  const message = `unable to create new content in namespace ${namespace} because it is being terminated`;
  return new StatusError(403, 'Forbidden', `${resource} ${JSON.stringify(name)} is forbidden: ${message}`, {
    details: {
      name,
      ...(group.length === 0 ? {} : { group: group.join('.') }),
      kind,
      causes: [{ reason: 'NamespaceTerminating', message: `namespace ${namespace} is being terminated`, field: 'metadata.namespace' }],
    },
  });
};

const isCreation = ({ operation, type, subresource }: AdmissionAttributes): boolean =>
  operation === 'CREATE' && type.namespaced && subresource === '';

export const namespaceLifecycle: AdmissionPlugin = {
  name: 'NamespaceLifecycle',
  handles: (attributes) => isCreation(attributes) || (attributes.operation === 'DELETE' && isOf(attributes, namespaces)),
  async admit(attributes) {
    if (attributes.operation === 'DELETE' && immortal.has(attributes.name)) throw refuse(attributes, 'this namespace may not be deleted');
  },
  commit: {
    operations: ['create'],
    apply({ key }, view) {
      const stored = view.get(namespaceKey(key.namespace));
      if (stored === undefined) throw notFound(namespaces, key.namespace);
      if (isTerminating(stored.object)) throw terminating(key);
      return {};
    },
  },
};
