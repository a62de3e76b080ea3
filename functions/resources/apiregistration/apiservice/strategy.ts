/** Source: kube-aggregator, pkg/registry/apiservice/strategy.go. */
import type { APIService } from '../../../kube/generated/types.ts';
import { timestamp } from '../../../kube/time.ts';
import type { WriteContext } from '../../definition.ts';

/** What this apiserver serves itself is available at once. */
export function prepareForCreate(apiService: APIService, { nowMs }: WriteContext): void {
  if (apiService.spec?.service !== undefined) {
    apiService.status = {};
    return;
  }
  const local = {
    type: 'Available',
    status: 'True',
    lastTransitionTime: timestamp(nowMs),
    reason: 'Local',
    message: 'Local APIServices are always available',
  };
  apiService.status = { conditions: [local] };
}
