/** The rules of the kind that only writes need; reads never load them. */
export { setBindingDefaults as setDefaults, validateBindingUpdate as validateUpdate } from '../rules-validation.ts';
