/** What only writes need of the kind. */
export { setLimitRangeDefaults as setDefaults } from './defaults.ts';
export { validateLimitRange as validate } from './validation.ts';
