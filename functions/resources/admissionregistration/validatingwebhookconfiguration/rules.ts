/** The rules of the kind that only writes need; reads never load them. */
export { validateWebhooks as validate } from '../webhook-validation.ts';
