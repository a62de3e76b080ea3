/** A pod gets the overhead and the scheduling of its runtime class. Source: plugin/pkg/admission/runtimeclass/admission.go. */
import { deepEqual } from '../../kube/equality.ts';
import type { Pod, RuntimeClass, Toleration } from '../../kube/generated/types.ts';
import { groupResource, pods, runtimeClasses } from '../../kube/resource-type.ts';
import type { Store } from '../../store/store.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../ports.ts';
import type { PluginKind } from './plugin-kind.ts';
import { isOf, refuse } from './refuse.ts';

type Reading = Pick<Store, 'view' | 'fresh'>;
type Spec = NonNullable<Pod['spec']>;

const otherOverhead = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

async function classOf(store: Reading, name: string): Promise<RuntimeClass | undefined> {
  const key = { resource: groupResource(runtimeClasses), namespace: '', name };
  const found = store.view().get(key) ?? (await store.fresh()).get(key);
  return found?.object as RuntimeClass | undefined;
}

async function applyClass(attributes: AdmissionAttributes, store: Reading): Promise<void> {
  const spec = (attributes.object as Pod | undefined)?.spec;
  if (spec === undefined) return;
  const name = spec.runtimeClassName;
  const runtimeClass = name === undefined ? undefined : await classOf(store, name);
  if (name !== undefined && runtimeClass === undefined) {
    throw refuse(attributes, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  }
  const { overhead, scheduling } = runtimeClass ?? {};
  if (overhead !== undefined) {
    const fixed = overhead.podFixed ?? {};
    if (Object.keys(spec.overhead ?? {}).length > 0 && !deepEqual(spec.overhead, fixed)) throw refuse(attributes, otherOverhead);
    spec.overhead = { ...fixed };
  }
  if (scheduling !== undefined) setScheduling(attributes, spec, scheduling);
}

/** Decided last: an overhead that no pod may have is invalid first. */
async function checkOverhead(attributes: AdmissionAttributes, store: Reading): Promise<void> {
  const { overhead, runtimeClassName: name } = (attributes.object as Pod | undefined)?.spec ?? {};
  if (overhead === undefined) return;
  const runtimeClass = name === undefined ? undefined : await classOf(store, name);
  if (runtimeClass?.overhead === undefined)
    throw refuse(attributes, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
  if (!deepEqual(overhead, runtimeClass.overhead.podFixed ?? {})) throw refuse(attributes, otherOverhead);
}

function setScheduling(
  attributes: AdmissionAttributes,
  spec: Spec,
  { nodeSelector, tolerations = [] }: NonNullable<RuntimeClass['scheduling']>,
): void {
  for (const [key, value] of Object.entries(nodeSelector ?? {})) {
    const own = spec.nodeSelector?.[key];
    if (own === undefined || own === value) continue;
    const why = `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`;
    throw refuse(attributes, why);
  }
  if (nodeSelector !== undefined) spec.nodeSelector = { ...spec.nodeSelector, ...nodeSelector };
  const merged = mergedTolerations(spec.tolerations ?? [], tolerations);
  if (merged.length > 0) spec.tolerations = merged;
}

/** What the class adds that the pod does not have already. */
const mergedTolerations = (own: readonly Toleration[], added: readonly Toleration[]): Toleration[] => [
  ...own,
  ...added.filter((toleration) => !own.some((one) => deepEqual(one, toleration))),
];

export const runtimeClass: PluginKind = {
  name: 'RuntimeClass',
  isDefault: true,
  create: ({ store }): AdmissionPlugin => ({
    name: 'RuntimeClass',
    handles: (attributes) => attributes.operation === 'CREATE' && isOf(attributes, pods),
    admit: (attributes) => applyClass(attributes, store),
    validate: (attributes) => checkOverhead(attributes, store),
  }),
};
