/** What only writes need of the kind. */
export { setReplicationControllerDefaults as setDefaults } from './defaults.ts';
export { validateReplicationController as validate, validateReplicationControllerStatus as validateStatusUpdate } from './validation.ts';
