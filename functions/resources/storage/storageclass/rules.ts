/** What only writes need of the kind. */
export {
  validateStorageClass as validate,
  validateStorageClassUpdate as validateUpdate,
  storageClassWarnings as warnings,
} from './validation.ts';
