/** What only writes need of the kind. */
export { setStatefulSetDefaults as setDefaults } from './defaults.ts';
export {
  validateStatefulSet as validate,
  validateStatefulSetUpdate as validateUpdate,
  validateStatefulSetStatusUpdate as validateStatusUpdate,
  statefulSetWarnings as warnings,
} from './validation.ts';
