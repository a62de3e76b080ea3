/**
 * A pod gets the number and the preemption policy of its priority class, or of the default one.
 * Source: plugin/pkg/admission/priority/admission.go.
 */
import type { Pod } from '../../kube/generated/types.ts';
import { type KubeObject, nameOf } from '../../kube/object.ts';
import { pods } from '../../kube/resource-type.ts';
import type { View } from '../../kube/view.ts';
import type { AdmissionPlugin } from '../ports.ts';
import type { PluginKind } from './plugin-kind.ts';
import { isOf, refuse } from './refuse.ts';

interface PriorityClass extends KubeObject {
  readonly value: number;
  readonly globalDefault?: boolean;
  readonly preemptionPolicy?: string;
}

const resource = 'priorityclasses.scheduling.k8s.io';
const usualPolicy = 'PreemptLowerPriority';

/** The values of the priority classes that every cluster has. */
const systemValues: ReadonlyMap<string, number> = new Map([
  ['system-cluster-critical', 2_000_000_000],
  ['system-node-critical', 2_000_001_000],
]);

interface Priority {
  readonly name: string;
  readonly value: number;
  readonly policy: string;
}

const priorityOf = (found: PriorityClass): Priority => ({
  name: nameOf(found),
  value: found.value,
  policy: found.preemptionPolicy ?? usualPolicy,
});

function named(view: View, name: string): Priority | undefined {
  const found = view.get({ resource, namespace: '', name })?.object;
  if (found !== undefined) return priorityOf(found as PriorityClass);
  const value = systemValues.get(name);
  return value === undefined ? undefined : { name, value, policy: usualPolicy };
}

/** The lowest of several defaults counts. */
function byDefault(view: View): Priority {
  const defaults = view
    .list(resource)
    .map(({ object }) => object as PriorityClass)
    .filter(({ globalDefault }) => globalDefault === true)
    .sort((a, b) => a.value - b.value);
  return defaults[0] === undefined ? { name: '', value: 0, policy: usualPolicy } : priorityOf(defaults[0]);
}

const computed = (what: string): string =>
  `must not be provided in pod spec; priority admission controller computed ${what} from the given PriorityClass name`;

export const priority: PluginKind = {
  name: 'Priority',
  isDefault: true,
  create: ({ store }): AdmissionPlugin => ({
    name: 'Priority',
    handles: (attributes) => (attributes.operation === 'CREATE' || attributes.operation === 'UPDATE') && isOf(attributes, pods),
    async admit(attributes) {
      const spec = (attributes.object as Pod | undefined)?.spec;
      if (spec === undefined) return;
      if (attributes.operation === 'UPDATE') {
        const before = (attributes.oldObject as Pod | undefined)?.spec;
        if (before?.priority !== undefined) spec.priority ??= before.priority;
        if (before?.preemptionPolicy !== undefined) spec.preemptionPolicy ??= before.preemptionPolicy;
        return;
      }
      const name = spec.priorityClassName ?? '';
      const view = store.view();
      const found = name === '' ? byDefault(view) : (named(view, name) ?? named(await store.fresh(), name));
      if (found === undefined) throw refuse(attributes, `no PriorityClass with name ${name} was found`);
      if (spec.priority !== undefined && spec.priority !== found.value) {
        throw refuse(attributes, `the integer value of priority (${spec.priority}) ${computed(String(found.value))}`);
      }
      if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== found.policy) {
        throw refuse(attributes, `the string value of PreemptionPolicy (${spec.preemptionPolicy}) ${computed(found.policy)}`);
      }
      if (found.name !== '') spec.priorityClassName = found.name;
      spec.priority = found.value;
      spec.preemptionPolicy = found.policy;
    },
  }),
};
