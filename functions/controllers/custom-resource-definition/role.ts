import type { ControllerRole } from '../../kube/controller-role.ts';
import { read, rule } from '../../kube/policy-rules.ts';

export const customResourceDefinitionRole: ControllerRole = {
  name: 'custom-resource-definition-controller',
  rules: [
    rule([...read, 'update'], 'apiextensions.k8s.io', 'customresourcedefinitions customresourcedefinitions/status'),
    rule(['deletecollection', 'list'], '*', '*'),
  ],
};
