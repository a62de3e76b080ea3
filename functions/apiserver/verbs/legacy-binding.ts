/** POST of a Binding to a namespace: the same as to `pods/NAME/binding`. Source: pkg/registry/core/pod/storage, LegacyBindingREST. */
import type { Binding } from '../../kube/generated/types.ts';
import { goQuote } from '../../kube/go-quote.ts';
import { pathSegmentErrors } from '../../kube/names.ts';
import { type KubeObject, nameOf, type ObjectName } from '../../kube/object.ts';
import { resourceType } from '../../kube/resource-type.ts';
import { builtIn } from '../../kube/schema.ts';
import { badRequest } from '../../kube/status-error.ts';
import { checkBinding } from '../../resources/core/pod/subresources.ts';
import type { VirtualResource } from '../ports.ts';

/** Posts the binding to the pod. */
export type BindPod = (pod: ObjectName, binding: KubeObject, dryRun: boolean) => Promise<object>;

export const legacyBinding = (bind: BindPod): VirtualResource => ({
  type: resourceType('v1', 'bindings', 'Binding'),
  schema: builtIn('io.k8s.api.core.v1.Binding'),
  singular: 'binding',
  verbs: ['create'],
  async create(binding, { namespace, dryRun }) {
    const name = nameOf(binding);
    checkBinding(binding as Binding);
    if (name === '') throw badRequest('Name parameter required.');
    const wrong = pathSegmentErrors(name);
    if (wrong.length > 0) throw badRequest(`Name parameter invalid: ${goQuote(name)}: ${wrong.join(';')}`);
    return bind({ namespace, name }, binding, dryRun);
  },
});
