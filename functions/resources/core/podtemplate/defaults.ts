import type { PodTemplateSpec } from '../../../kube/generated/types.ts';
import { setPodSpecDefaults } from '../../../kube/pod-defaults.ts';

export function setPodTemplateDefaults(template: PodTemplateSpec | undefined): void {
  if (template?.spec !== undefined) setPodSpecDefaults(template.spec);
}
