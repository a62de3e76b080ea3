import type { ControllerRole } from '../../kube/controller-role.ts';
import { rule } from '../../kube/policy-rules.ts';

export const storageVersionMigratorRole: ControllerRole = {
  name: 'storage-version-migrator-controller',
  rules: [
    rule(['list', 'patch'], '*', '*'),
    rule(['get'], 'apiextensions.k8s.io', 'customresourcedefinitions'),
    rule(['patch'], 'apiextensions.k8s.io', 'customresourcedefinitions/status'),
    rule(['update'], 'storagemigration.k8s.io', 'storageversionmigrations/status'),
  ],
};
