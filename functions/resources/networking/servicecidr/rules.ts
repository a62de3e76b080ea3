/** What only writes need of the kind. */
export { keepMetadata as prepareForStatusUpdate } from '../../status-metadata.ts';
export { validateServiceCIDR as validate, validateServiceCIDRUpdate as validateUpdate } from './validation.ts';
