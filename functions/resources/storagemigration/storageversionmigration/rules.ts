/** What only writes need of the kind. */
export { keepMetadata as prepareForStatusUpdate } from '../../status-metadata.ts';
export {
  validateMigration as validate,
  validateMigrationUpdate as validateUpdate,
  validateMigrationStatus as validateStatusUpdate,
} from './validation.ts';
