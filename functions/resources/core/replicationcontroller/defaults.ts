/** Source: pkg/apis/core/v1/defaults.go, SetDefaults_ReplicationController. */
import type { ReplicationController } from '../../../kube/generated/types.ts';
import { setPodSpecDefaults } from '../../../kube/pod-defaults.ts';

const isEmpty = (map: object | undefined): boolean => Object.keys(map ?? {}).length === 0;

/** The labels of the template become the selector and the labels of a controller without its own. */
export function setReplicationControllerDefaults({ metadata, spec }: ReplicationController): void {
  const labels = spec.template?.metadata?.labels;
  if (labels !== undefined) {
    if (isEmpty(spec.selector)) spec.selector = { ...labels };
    if (isEmpty(metadata.labels)) metadata.labels = { ...labels };
  }
  spec.replicas ??= 1;
  if (spec.template?.spec !== undefined) setPodSpecDefaults(spec.template.spec);
}
