/** What only writes need of the kind. */
export {
  validateCSIStorageCapacity as validate,
  validateCSIStorageCapacityUpdate as validateUpdate,
  storageCapacityWarnings as warnings,
} from './validation.ts';
