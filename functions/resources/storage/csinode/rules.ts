/** The rules of the kind that only writes need; reads never load them. */
export { keepMetadata as prepareForStatusUpdate } from '../../status-metadata.ts';
export { validateCSINode as validate, validateCSINodeUpdate as validateUpdate } from './validation.ts';
