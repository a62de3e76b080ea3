/** What only writes need of the kind. */
export { validateEvent as validate } from './validation.ts';
