/** The rules of the kind that only writes need; reads never load them. */
import type { StatefulSet } from '../../../kube/generated/types.ts';
import { workloadWarnings } from '../../core/pod/warnings.ts';
import { statefulSetWarnings } from './validation.ts';

export { setStatefulSetDefaults as setDefaults } from './defaults.ts';
export {
  validateStatefulSet as validate,
  validateStatefulSetUpdate as validateUpdate,
  validateStatefulSetStatusUpdate as validateStatusUpdate,
} from './validation.ts';

const ofTemplate = workloadWarnings<StatefulSet>(({ spec }) => spec.template, { isNamed: false });

export const warnings = (next: StatefulSet, current?: StatefulSet): readonly string[] => [
  ...ofTemplate(next, current),
  ...statefulSetWarnings(next, current),
];
