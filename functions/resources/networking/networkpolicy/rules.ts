/** What only writes need of the kind. */
export { setNetworkPolicyDefaults as setDefaults } from './defaults.ts';
export { validateNetworkPolicy as validate, networkPolicyWarnings as warnings } from './validation.ts';
