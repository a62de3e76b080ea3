/**
 * A namespace that does not exist is created together with the first object in it.
 * Source: plugin/pkg/admission/namespace/autoprovision/admission.go.
 */
import type { Namespace } from '../../kube/generated/types.ts';
import { timestamp } from '../../kube/time.ts';
import { namespaceDefinition } from '../../resources/core/namespace/definition.ts';
import type { WriteContext } from '../../resources/definition.ts';
import type { AdmissionOptions, PluginKind } from './plugin-kind.ts';
import { namespaceKey } from './namespace-lifecycle.ts';

function newNamespace(name: string, context: WriteContext, uid: string): Namespace {
  const metadata = { name, uid, creationTimestamp: timestamp(context.nowMs) };
  const namespace: Namespace = { apiVersion: 'v1', kind: 'Namespace', metadata, spec: {} };
  namespaceDefinition.setDefaults?.(namespace);
  namespaceDefinition.prepareForCreate?.(namespace, context);
  return namespace;
}

export const namespaceAutoProvision: PluginKind = {
  name: 'NamespaceAutoProvision',
  isDefault: false,
  create: ({ random }: AdmissionOptions) => ({
    name: 'NamespaceAutoProvision',
    handles: ({ operation, type, dryRun }) => operation === 'CREATE' && type.namespaced && !dryRun,
    commit: {
      operations: ['create'],
      apply({ key: { namespace } }, view, context) {
        const key = namespaceKey(namespace);
        if (view.get(key) !== undefined) return {};
        return { writes: [{ type: 'create', key, object: newNamespace(namespace, context, random.uuid()) }] };
      },
    },
  }),
};
