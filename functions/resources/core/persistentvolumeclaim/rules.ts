/** What only writes need of the kind. */
export { setClaimDefaults as setDefaults } from './defaults.ts';
export { prepareForCreate, prepareForUpdate } from './strategy.ts';
export {
  validateClaim as validate,
  validateClaimUpdate as validateUpdate,
  validateClaimStatusUpdate as validateStatusUpdate,
  claimWarnings as warnings,
} from './validation.ts';
