/**
 * Nothing is created in a namespace that is missing or terminating: asked first, since that is the reason which clients
 * wait for. It is asked again at the commit point: so an empty namespace stays empty. The namespaces that the cluster
 * itself lives in cannot be deleted.
 * Source: apiserver, pkg/admission/plugin/namespace/lifecycle/admission.go.
 */
import { isTerminating } from '../../kube/object.ts';
import { groupResource, namespaces } from '../../kube/resource-type.ts';
import { notFound, StatusError } from '../../kube/status-error.ts';
import type { Key, View } from '../../kube/view.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../ports.ts';
import type { AdmissionOptions, PluginKind } from './plugin-kind.ts';
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

function refusal(key: Key, view: View): StatusError | undefined {
  const stored = view.get(namespaceKey(key.namespace));
  if (stored === undefined) return notFound(namespaces, key.namespace);
  return isTerminating(stored.object) ? terminating(key) : undefined;
}

/** The key of an object that is yet to be created; `generateName` stands in for a name that is yet to be generated. */
const keyOf = ({ type, namespace, name, object }: AdmissionAttributes): Key => ({
  resource: groupResource(type),
  namespace,
  name: name === '' ? (object?.metadata.generateName ?? '') : name,
});

/** Makes absent namespaces in the commit that needs them, so that only that can refuse them. */
const autoProvision = 'NamespaceAutoProvision';

export const namespaceLifecycleOf = ({ store, names }: Pick<AdmissionOptions, 'store' | 'names'>): AdmissionPlugin => ({
  name: 'NamespaceLifecycle',
  handles: (attributes) => isCreation(attributes) || (attributes.operation === 'DELETE' && isOf(attributes, namespaces)),
  async admit(attributes) {
    if (isCreation(attributes)) {
      const key = keyOf(attributes);
      if ((names?.has(autoProvision) === true && !attributes.dryRun) || refusal(key, store.view()) === undefined) return;
      // Another process may have made it a moment ago.
      const why = refusal(key, await store.fresh());
      if (why !== undefined) throw why;
    } else if (immortal.has(attributes.name)) throw refuse(attributes, 'this namespace may not be deleted');
  },
  commit: {
    operations: ['create'],
    apply({ key }, view) {
      const why = refusal(key, view);
      if (why !== undefined) throw why;
      return {};
    },
  },
});

export const namespaceLifecycle: PluginKind = { name: 'NamespaceLifecycle', isDefault: true, create: namespaceLifecycleOf };
