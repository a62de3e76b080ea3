/** The rules of the kind that only writes need; reads never load them. */
export { validateControllerRevision as validate, validateControllerRevisionUpdate as validateUpdate } from './validation.ts';
