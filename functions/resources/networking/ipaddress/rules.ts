/** The rules of the kind that only writes need; reads never load them. */
export { validateIPAddress as validate, validateIPAddressUpdate as validateUpdate } from './validation.ts';
