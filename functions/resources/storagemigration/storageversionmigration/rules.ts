/** The rules of the kind that only writes need; reads never load them. */
export { keepMetadata as prepareForStatusUpdate } from '../../status-metadata.ts';
export {
  validateMigration as validate,
  validateMigrationUpdate as validateUpdate,
  validateMigrationStatus as validateStatusUpdate,
} from './validation.ts';
