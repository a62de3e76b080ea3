/** What only writes need of the kind. */
export { prepareForCreate } from './strategy.ts';
export { keepMetadata as prepareForStatusUpdate } from '../../status-metadata.ts';
export { validateAPIService as validate, validateAPIServiceStatus as validateStatusUpdate } from './validation.ts';
