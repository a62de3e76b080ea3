/** What only writes need of the kind. */
export {
  validateRuntimeClass as validate,
  validateRuntimeClassUpdate as validateUpdate,
  runtimeClassWarnings as warnings,
} from './validation.ts';
