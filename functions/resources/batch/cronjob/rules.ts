/** What only writes need of the kind. */
export { validateCronJob as validate } from './validation.ts';
export { cronJobWarnings as warnings } from './warnings.ts';
