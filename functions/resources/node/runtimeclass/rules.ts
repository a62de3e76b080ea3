/** What only writes need of the kind. */
export { validateRuntimeClass as validate, runtimeClassWarnings as warnings } from './validation.ts';
