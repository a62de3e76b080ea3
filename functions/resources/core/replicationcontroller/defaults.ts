/** Source: pkg/apis/core/v1/defaults.go, SetDefaults_ReplicationController. */
import type { ReplicationController } from '../../../kube/generated/types.ts';
import { setPodSpecDefaults } from '../../../kube/pod-defaults.ts';

const isEmpty = (map: object | undefined): boolean => Object.keys(map ?? {}).length === 0;

/** What the template says of its pods is said of the controller too, unless it says so itself. */
export function setReplicationControllerDefaults({ metadata, spec }: ReplicationController): void {
  const labels = spec.template?.metadata?.labels;
  if (labels !== undefined) {
    if (isEmpty(spec.selector)) spec.selector = { ...labels };
    if (isEmpty(metadata.labels)) metadata.labels = { ...labels };
  }
  spec.replicas ??= 1;
  if (spec.template?.spec !== undefined) setPodSpecDefaults(spec.template.spec);
}
