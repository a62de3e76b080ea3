/** The rules of the kind that only writes need; reads never load them. */
import { adminAccessOfClaim } from '../admin-access.ts';
import { declaredOfClaim } from '../declared.ts';

export { keepMetadata as prepareForStatusUpdate } from '../../status-metadata.ts';
export {
  validateClaim as validate,
  validateClaimStatus as validateStatusUpdate,
  validateClaimUpdate as validateUpdate,
} from './validation.ts';

export const commit = [adminAccessOfClaim];
export const declared = ['spec', ...declaredOfClaim('spec')];
