/** What only writes need of the kind. */
export { setDeploymentDefaults as setDefaults } from './defaults.ts';
export { validateDeployment as validate, validateDeploymentUpdate as validateUpdate } from './validation.ts';
