/** What only writes need of the kind. */
export { validateIPAddress as validate, validateIPAddressUpdate as validateUpdate } from './validation.ts';
