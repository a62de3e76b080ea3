/** What wakes the autoscaler. */
import { horizontalPodAutoscalers } from '../../kube/resource-type.ts';
import type { Watch } from '../../workers/controller.ts';
import { watchItself } from '../shared/pod-requests.ts';

export const autoscalerWatches: readonly Watch[] = [watchItself(horizontalPodAutoscalers)];
