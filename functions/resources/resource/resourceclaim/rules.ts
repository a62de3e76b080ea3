/** What only writes need of the kind. */
export { keepMetadata as prepareForStatusUpdate } from '../../status-metadata.ts';
export {
  validateClaim as validate,
  validateClaimStatus as validateStatusUpdate,
  validateClaimUpdate as validateUpdate,
} from './validation.ts';
