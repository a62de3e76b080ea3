/** What only writes need of the kind. */
export { keepMetadata as prepareForStatusUpdate } from '../../status-metadata.ts';
export { validateFlowSchema as validate, validateFlowConditions as validateStatusUpdate } from './validation.ts';
