/** The rules of the kind that only writes need; reads never load them. */
export { prepareForCreate, prepareForUpdate, prepareForStatusUpdate } from './strategy.ts';
export { validateRequest as validate, validateRequestStatus as validateStatusUpdate } from './validation.ts';
