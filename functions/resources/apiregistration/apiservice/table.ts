/** Cells of `kubectl get apiservices`. Source: kube-aggregator, pkg/registry/apiservice/etcd/etcd.go. */
import { conditionOf } from '../../../kube/conditions.ts';
import type { APIService } from '../../../kube/generated/types.ts';

export const serviceText = ({ spec }: APIService): string =>
  spec?.service === undefined ? 'Local' : `${spec.service.namespace ?? ''}/${spec.service.name ?? ''}`;

export function availableText({ status }: APIService): string {
  const condition = conditionOf(status?.conditions, 'Available');
  if (condition === undefined) return 'Unknown';
  return condition.status !== 'True' && condition.reason ? `${condition.status} (${condition.reason})` : condition.status;
}
