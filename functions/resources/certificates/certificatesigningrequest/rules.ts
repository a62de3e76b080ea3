/** What only writes need of the kind. */
export { prepareForCreate, prepareForUpdate, prepareForStatusUpdate } from './strategy.ts';
export { validateRequest as validate, validateRequestStatus as validateStatusUpdate } from './validation.ts';
