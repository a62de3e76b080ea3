import type { ControllerRole } from '../../kube/controller-role.ts';
import { read, rule } from '../../kube/policy-rules.ts';

export const namespaceRole: ControllerRole = {
  name: 'namespace-controller',
  rules: [
    rule(['delete', 'get', 'list', 'watch'], '', 'namespaces'),
    rule(['update'], '', 'namespaces/finalize namespaces/status'),
    rule([...read, 'delete', 'deletecollection'], '*', '*'),
  ],
};
