/** The rules of the kind that only writes need; reads never load them. */
import type { ReplicaSet } from '../../../kube/generated/types.ts';
import { workloadWarnings } from '../../core/pod/warnings.ts';

export {
  validateReplicaSet as validate,
  validateReplicaSetStatus as validateStatusUpdate,
  validateReplicaSetUpdate as validateUpdate,
} from './validation.ts';

export const warnings = workloadWarnings<ReplicaSet>(({ spec }) => spec.template, { isNamed: true });
