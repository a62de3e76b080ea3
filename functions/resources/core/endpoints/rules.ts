/** What only writes need of the kind. */
export { validateEndpoints as validate } from './validation.ts';
