/** Source: pkg/apis/apps/v1/defaults.go, SetDefaults_DaemonSet. */
import type { DaemonSet } from '../../../kube/generated/types.ts';
import { setPodTemplateDefaults } from '../../core/podtemplate/defaults.ts';
import { readTemplateGeneration } from './strategy.ts';

export function setDaemonSetDefaults(daemonSet: DaemonSet): void {
  const { spec } = daemonSet;
  readTemplateGeneration(daemonSet);
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ||= 'RollingUpdate';
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate ??= {};
    spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
    spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= 10;
  setPodTemplateDefaults(spec.template);
}
