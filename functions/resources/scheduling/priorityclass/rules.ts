/** The rules of the kind that only writes need; reads never load them. */
export { validatePriorityClass as validate, validatePriorityClassUpdate as validateUpdate } from './validation.ts';
