/** The rules of the kind that only writes need; reads never load them. */
export { validateEndpoints as validate } from './validation.ts';
