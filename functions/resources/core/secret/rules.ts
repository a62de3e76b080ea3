/** What only writes need of the kind. */
export { setSecretDefaults as setDefaults } from './defaults.ts';
export { validateSecret as validate, validateSecretUpdate as validateUpdate } from './validation.ts';
export { secretWarnings as warnings } from './warnings.ts';
