/** At most one class is that of pods that name none. Source: plugin/pkg/admission/priority/admission.go, validatePriorityClass. */
import type { PriorityClass } from '../../../kube/generated/types.ts';
import { nameOf } from '../../../kube/object.ts';
import { groupResource, priorityClasses } from '../../../kube/resource-type.ts';
import { forbidden } from '../../../kube/status-error.ts';
import type { CommitRule } from '../../definition.ts';

const resource = groupResource(priorityClasses);

export const oneDefault: CommitRule<PriorityClass> = {
  lists: [resource],
  apply({ key, next }, view) {
    if (next.globalDefault !== true) return {};
    const others = view.list(resource).map(({ object }) => object as PriorityClass);
    const other = others.find((one) => one.globalDefault === true && nameOf(one) !== key.name);
    if (other === undefined) return {};
    throw forbidden(priorityClasses, key.name, `PriorityClass ${nameOf(other)} is already marked as default. Only one default can exist`);
  },
};
