/** The rules of the kind that only writes need; reads never load them. */
export { validateIngressClass as validate } from './validation.ts';
