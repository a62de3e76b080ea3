/** The rules of the kind that only writes need; reads never load them. */
export { setClaimDefaults as setDefaults } from './defaults.ts';
export { isFilledAsRead, prepareForCreate, prepareForUpdate } from './strategy.ts';
export {
  validateClaim as validate,
  validateClaimUpdate as validateUpdate,
  validateClaimStatusUpdate as validateStatusUpdate,
  claimWarnings as warnings,
} from './validation.ts';
