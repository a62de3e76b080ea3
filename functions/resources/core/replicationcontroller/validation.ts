/** Source: pkg/apis/core/validation/validation.go, ValidateReplicationControllerSpec. */
import { type FieldError, required } from '../../../kube/field-error.ts';
import type { ReplicationController } from '../../../kube/generated/types.ts';
import { selectorOf } from '../../../kube/labels.ts';
import { validateNonnegative } from '../../field-rules.ts';
import { validateReplicaCounts } from '../../apps/replicaset/validation.ts';
import { validateReplicaTemplate } from '../../workload-validation.ts';

export function validateReplicationController({ spec }: ReplicationController): FieldError[] {
  const selector = spec.selector ?? {};
  return [
    ...validateNonnegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...(Object.keys(selector).length === 0 ? [required('spec.selector')] : []),
    ...validateNonnegative(spec.replicas, 'spec.replicas'),
    ...validateReplicaTemplate(spec.template, selectorOf(selector), 'ReplicationController'),
  ];
}

export const validateReplicationControllerStatus = ({ status }: ReplicationController): FieldError[] => validateReplicaCounts(status);
