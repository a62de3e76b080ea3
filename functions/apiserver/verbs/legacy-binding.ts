/** POST of a Binding to a namespace: the same as to `pods/NAME/binding`. Source: pkg/registry/core/pod/storage, LegacyBindingREST. */
import { type KubeObject, nameOf, type ObjectName } from '../../kube/object.ts';
import { resourceType } from '../../kube/resource-type.ts';
import { builtIn } from '../../kube/schema.ts';
import type { VirtualResource } from '../ports.ts';

/** Posts the binding to the pod. */
export type BindPod = (pod: ObjectName, binding: KubeObject, dryRun: boolean) => Promise<object>;

export const legacyBinding = (bind: BindPod): VirtualResource => ({
  type: resourceType('v1', 'bindings', 'Binding'),
  schema: builtIn('io.k8s.api.core.v1.Binding'),
  singular: 'binding',
  verbs: ['create'],
  create: (binding, { namespace, dryRun }) => bind({ namespace, name: nameOf(binding) }, binding, dryRun),
});
