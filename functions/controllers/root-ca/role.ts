import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, rule } from '../../kube/policy-rules.ts';

export const rootCaRole: ControllerRole = {
  name: 'root-ca-cert-publisher',
  rules: [rule(['create', 'update'], '', 'configmaps'), ...eventRules],
};
