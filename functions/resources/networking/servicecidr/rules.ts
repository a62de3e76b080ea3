/** The rules of the kind that only writes need; reads never load them. */
export { keepMetadata as prepareForStatusUpdate } from '../../status-metadata.ts';
export { validateServiceCIDR as validate, validateServiceCIDRUpdate as validateUpdate } from './validation.ts';
