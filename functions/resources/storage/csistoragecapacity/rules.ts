/** The rules of the kind that only writes need; reads never load them. */
export {
  validateCSIStorageCapacity as validate,
  validateCSIStorageCapacityUpdate as validateUpdate,
  storageCapacityWarnings as warnings,
} from './validation.ts';
