/** The rules of the kind that only writes need; reads never load them. */
export { keepMetadata as prepareForStatusUpdate } from '../../status-metadata.ts';
export { validatePodCertificateRequest as validate } from './validation.ts';
