/** The rules of the kind that only writes need; reads never load them. */
export { validateBundle as validate, validateBundleUpdate as validateUpdate } from './validation.ts';
