/** The rules of the kind that only writes need; reads never load them. */
export { setNetworkPolicyDefaults as setDefaults } from './defaults.ts';
export { validateNetworkPolicy as validate, networkPolicyWarnings as warnings } from './validation.ts';
