/** The rules of the kind that only writes need; reads never load them. */
import type { DaemonSet } from '../../../kube/generated/types.ts';
import { workloadWarnings } from '../../core/pod/warnings.ts';

export { setDaemonSetDefaults as setDefaults } from './defaults.ts';
export { prepareForCreate, prepareForUpdate, prepareForStatusUpdate } from './strategy.ts';
export {
  validateDaemonSet as validate,
  validateDaemonSetUpdate as validateUpdate,
  validateDaemonSetStatusUpdate as validateStatusUpdate,
} from './validation.ts';

export const warnings = workloadWarnings<DaemonSet>(({ spec }) => spec.template, { isNamed: false });
