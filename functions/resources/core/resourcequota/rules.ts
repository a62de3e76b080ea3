/** The rules of the kind that only writes need; reads never load them. */
export {
  validateResourceQuota as validate,
  validateResourceQuotaUpdate as validateUpdate,
  validateResourceQuotaStatusUpdate as validateStatusUpdate,
  resourceQuotaWarnings as warnings,
} from './validation.ts';
