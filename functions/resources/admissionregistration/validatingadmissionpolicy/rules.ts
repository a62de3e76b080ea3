/** The rules of the kind that only writes need; reads never load them. */
export { keepMetadata as prepareForStatusUpdate } from '../../status-metadata.ts';
export { validatePolicyStatus as validateStatusUpdate } from './status-validation.ts';
export { validatePolicy as validate } from './validation.ts';
