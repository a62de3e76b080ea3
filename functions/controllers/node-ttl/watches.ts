/** What wakes the controller of how long kubelets may keep what pods mount. */
import { nodes } from '../../kube/resource-type.ts';
import type { Watch } from '../../workers/controller.ts';
import { watchItself } from '../shared/pod-requests.ts';

export const nodeTtlWatches: readonly Watch[] = [watchItself(nodes)];
