/** What only writes need of the kind. */
export { keepMetadata as prepareForStatusUpdate } from '../../status-metadata.ts';
export { validateCSINode as validate, validateCSINodeUpdate as validateUpdate } from './validation.ts';
