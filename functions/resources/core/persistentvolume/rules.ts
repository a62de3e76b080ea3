/** The rules of the kind that only writes need; reads never load them. */
export { setVolumeDefaults as setDefaults } from './defaults.ts';
export { prepareForCreate, prepareForStatusUpdate } from './strategy.ts';
export { validateVolume as validate, validateVolumeUpdate as validateUpdate, volumeWarnings as warnings } from './validation.ts';
