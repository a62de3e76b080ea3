/** The rules of the kind that only writes need; reads never load them. */
export { validateRuntimeClass as validate, runtimeClassWarnings as warnings } from './validation.ts';
