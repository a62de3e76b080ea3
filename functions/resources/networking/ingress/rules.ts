/** The rules of the kind that only writes need; reads never load them. */
export { validateIngress as validate, validateIngressStatus as validateStatusUpdate, ingressWarnings as warnings } from './validation.ts';
