/** The rules of the kind that only writes need; reads never load them. */
export {
  validateStorageClass as validate,
  validateStorageClassUpdate as validateUpdate,
  storageClassWarnings as warnings,
} from './validation.ts';
