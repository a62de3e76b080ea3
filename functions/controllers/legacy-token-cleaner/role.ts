import type { ControllerRole } from '../../kube/controller-role.ts';
import { rule } from '../../kube/policy-rules.ts';

export const legacyTokenCleanerRole: ControllerRole = {
  name: 'legacy-service-account-token-cleaner',
  rules: [
    { ...rule(['get'], '', 'configmaps'), resourceNames: ['kube-apiserver-legacy-service-account-token-tracking'] },
    rule(['delete', 'patch'], '', 'secrets'),
    // Ours: upstream's kube-apiserver makes the ConfigMap.
    rule(['create'], '', 'configmaps'),
  ],
};
