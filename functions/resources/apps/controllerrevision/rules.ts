/** What only writes need of the kind. */
export { validateControllerRevision as validate, validateControllerRevisionUpdate as validateUpdate } from './validation.ts';
