/** What wakes the controller of CustomResourceDefinitions. */
import type { CustomResourceDefinition } from '../../kube/generated/types.ts';
import { customResourceDefinitions } from '../../kube/resource-type.ts';
import { watch, type Watch } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';

export const customResourceDefinitionWatches: readonly Watch[] = [
  watch<CustomResourceDefinition>(customResourceDefinitions, ({ type, key, object }, cache) =>
    // A name may be free now for the others of the group.
    type === 'deleted' ? namesOf(cache.list(customResourceDefinitions).filter(({ spec }) => spec.group === object.spec.group)) : [key],
  ),
];
