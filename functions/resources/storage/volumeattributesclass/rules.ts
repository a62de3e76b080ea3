/** The rules of the kind that only writes need; reads never load them. */
export { validateVolumeAttributesClass as validate } from './validation.ts';
