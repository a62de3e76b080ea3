import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, read, rule } from '../../kube/policy-rules.ts';

export const bootstrapSignerRole: ControllerRole = {
  name: 'bootstrap-signer',
  namespaced: [
    { namespace: 'kube-system', rules: [rule(read, '', 'secrets')] },
    {
      namespace: 'kube-public',
      rules: [rule(read, '', 'configmaps'), { ...rule(['update'], '', 'configmaps'), resourceNames: ['cluster-info'] }, ...eventRules],
    },
  ],
};

export const tokenCleanerRole: ControllerRole = {
  name: 'token-cleaner',
  namespaced: [{ namespace: 'kube-system', rules: [rule([...read, 'delete'], '', 'secrets'), ...eventRules] }],
};
