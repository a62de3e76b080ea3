/** What only writes need of the kind. */
export { validateIngressClass as validate } from './validation.ts';
