/** The rules of the kind that only writes need; reads never load them. */
export { setSecretDefaults as setDefaults } from './defaults.ts';
export { validateSecret as validate, validateSecretUpdate as validateUpdate } from './validation.ts';
export { secretWarnings as warnings } from './warnings.ts';
