/** The rules of the kind that only writes need; reads never load them. */
import type { ReplicationController } from '../../../kube/generated/types.ts';
import { workloadWarnings } from '../pod/warnings.ts';

export { setReplicationControllerDefaults as setDefaults } from './defaults.ts';
export { validateReplicationController as validate, validateReplicationControllerStatus as validateStatusUpdate } from './validation.ts';

export const warnings = workloadWarnings<ReplicationController>(({ spec }) => spec.template, { isNamed: true });

export const declared = ['FieldValueInvalid metadata.name', 'FieldValueInvalid spec.replicas', 'FieldValueInvalid spec.minReadySeconds'];
