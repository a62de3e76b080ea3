/** What only writes need of the kind. */
export { setPodDefaults as setDefaults } from './defaults.ts';
export { prepareForCreate, prepareForUpdate, prepareForStatusUpdate } from './strategy.ts';
export {
  validatePod as validate,
  validatePodUpdate as validateUpdate,
  validatePodStatusUpdate as validateStatusUpdate,
} from './validation.ts';
export { podWarnings as warnings } from './warnings.ts';
