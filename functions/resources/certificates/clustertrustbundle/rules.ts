/** What only writes need of the kind. */
export { validateBundle as validate, validateBundleUpdate as validateUpdate } from './validation.ts';
