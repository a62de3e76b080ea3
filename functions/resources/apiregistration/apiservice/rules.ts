/** The rules of the kind that only writes need; reads never load them. */
export { prepareForCreate } from './strategy.ts';
export { keepMetadata as prepareForStatusUpdate } from '../../status-metadata.ts';
export {
  validateAPIService as validate,
  validateAPIServiceStatus as validateStatusUpdate,
  validateAPIServiceUpdate as validateUpdate,
} from './validation.ts';
