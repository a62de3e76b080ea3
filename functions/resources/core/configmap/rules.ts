/** The rules of the kind that only writes need; reads never load them. */
export { validateConfigMap as validate, validateConfigMapUpdate as validateUpdate } from './validation.ts';
