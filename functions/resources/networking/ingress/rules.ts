/** What only writes need of the kind. */
export { validateIngress as validate, validateIngressStatus as validateStatusUpdate, ingressWarnings as warnings } from './validation.ts';
