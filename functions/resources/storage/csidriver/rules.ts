/** The rules of the kind that only writes need; reads never load them. */
export { validateCSIDriver as validate, validateCSIDriverUpdate as validateUpdate, csiDriverWarnings as warnings } from './validation.ts';
