/** What only writes need of the kind. */
export { validatePriorityClass as validate, validatePriorityClassUpdate as validateUpdate } from './validation.ts';
