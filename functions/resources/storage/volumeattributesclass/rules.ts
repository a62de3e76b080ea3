/** What only writes need of the kind. */
export { validateVolumeAttributesClass as validate } from './validation.ts';
