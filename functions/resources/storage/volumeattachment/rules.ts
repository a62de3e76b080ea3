/** The rules of the kind that only writes need; reads never load them. */
export { keepMetadata as prepareForStatusUpdate } from '../../status-metadata.ts';
export {
  validateVolumeAttachment as validate,
  validateVolumeAttachmentStatus as validateStatusUpdate,
  validateVolumeAttachmentUpdate as validateUpdate,
} from './validation.ts';
