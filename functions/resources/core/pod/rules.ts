/** What only writes need of the kind. */
export { setPodDefaults as setDefaults } from '../../../kube/pod-defaults.ts';
export { prepareForCreate, prepareForUpdate, prepareForStatusUpdate } from './strategy.ts';
export { validatePodStatusUpdate as validateStatusUpdate } from './status-validation.ts';
export { validatePod as validate, validatePodUpdate as validateUpdate } from './validation.ts';
export { podWarnings as warnings } from './warnings.ts';
