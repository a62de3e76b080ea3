/** The rules of the kind that only writes need; reads never load them. */
export { validateCronJob as validate } from './validation.ts';
export { cronJobWarnings as warnings } from './warnings.ts';
