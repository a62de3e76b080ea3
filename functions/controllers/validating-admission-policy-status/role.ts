import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, read, rule } from '../../kube/policy-rules.ts';

export const validatingAdmissionPolicyStatusRole: ControllerRole = {
  name: 'validatingadmissionpolicy-status-controller',
  rules: [
    rule(read, 'admissionregistration.k8s.io', 'validatingadmissionpolicies'),
    rule(['get', 'patch', 'update'], 'admissionregistration.k8s.io', 'validatingadmissionpolicies/status'),
    ...eventRules,
  ],
};
