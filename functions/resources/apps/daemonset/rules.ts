/** What only writes need of the kind. */
export { setDaemonSetDefaults as setDefaults } from './defaults.ts';
export { prepareForCreate, prepareForUpdate, prepareForStatusUpdate } from './strategy.ts';
export {
  validateDaemonSet as validate,
  validateDaemonSetUpdate as validateUpdate,
  validateDaemonSetStatusUpdate as validateStatusUpdate,
} from './validation.ts';
