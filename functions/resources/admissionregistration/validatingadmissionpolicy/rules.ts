/** What only writes need of the kind. */
export { keepMetadata as prepareForStatusUpdate } from '../../status-metadata.ts';
export { validatePolicyStatus as validateStatusUpdate } from './status-validation.ts';
export { validatePolicy as validate } from './validation.ts';
