/** The rules of the kind that only writes need; reads never load them. */
export { setPodDefaults as setDefaults } from '../../../kube/pod-defaults.ts';
export { prepareForCreate, prepareForUpdate, prepareForStatusUpdate } from './strategy.ts';
export { validatePodStatusUpdate as validateStatusUpdate } from './status-validation.ts';
export { validatePod as validate, validatePodUpdate as validateUpdate } from './validation.ts';
export { podWarnings as warnings } from './warnings.ts';
