/** Source: pkg/apis/apps/v1/defaults.go, SetDefaults_Deployment. */
import type { Deployment } from '../../../kube/generated/types.ts';
import { setPodSpecDefaults } from '../../../kube/pod-defaults.ts';

const quarter = '25%';

export function setDeploymentDefaults({ spec }: Deployment): void {
  spec.replicas ??= 1;
  spec.strategy ??= {};
  spec.strategy.type ||= 'RollingUpdate';
  if (spec.strategy.type === 'RollingUpdate') {
    spec.strategy.rollingUpdate ??= {};
    spec.strategy.rollingUpdate.maxUnavailable ??= quarter;
    spec.strategy.rollingUpdate.maxSurge ??= quarter;
  }
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
  if (spec.template?.spec !== undefined) setPodSpecDefaults(spec.template.spec);
}
