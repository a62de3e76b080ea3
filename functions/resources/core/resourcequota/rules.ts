/** What only writes need of the kind. */
export {
  validateResourceQuota as validate,
  validateResourceQuotaUpdate as validateUpdate,
  validateResourceQuotaStatusUpdate as validateStatusUpdate,
  resourceQuotaWarnings as warnings,
} from './validation.ts';
