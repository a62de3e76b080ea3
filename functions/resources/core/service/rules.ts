/** The rules of the kind that only writes need; reads never load them. */
export { setServiceDefaults as setDefaults } from './defaults.ts';
export { prepareForCreate, prepareForUpdate } from './strategy.ts';
export { validateServiceStatusUpdate as validateStatusUpdate } from './status-validation.ts';
export { validateService as validate } from './validation.ts';
export { serviceWarnings as warnings } from './warnings.ts';
