/** What only writes need of the kind. */
export { validateCSIDriver as validate, validateCSIDriverUpdate as validateUpdate, csiDriverWarnings as warnings } from './validation.ts';
