/** What only writes need of the kind. */
export { validateConfigMap as validate, validateConfigMapUpdate as validateUpdate } from './validation.ts';
