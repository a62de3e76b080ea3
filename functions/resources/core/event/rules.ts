/** The rules of the kind that only writes need; reads never load them. */
export { validateEvent as validate } from './validation.ts';
