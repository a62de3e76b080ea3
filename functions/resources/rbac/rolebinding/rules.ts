/** What only writes need of the kind. */
export { setBindingDefaults as setDefaults, validateBindingUpdate as validateUpdate } from '../rules-validation.ts';
