/** The rules of the kind that only writes need; reads never load them. */
import type { Deployment } from '../../../kube/generated/types.ts';
import { workloadWarnings } from '../../core/pod/warnings.ts';

export { setDeploymentDefaults as setDefaults } from './defaults.ts';
export {
  validateDeployment as validate,
  validateDeploymentStatusUpdate as validateStatusUpdate,
  validateDeploymentUpdate as validateUpdate,
} from './validation.ts';

export const warnings = workloadWarnings<Deployment>(({ spec }) => spec.template, { isNamed: true });
