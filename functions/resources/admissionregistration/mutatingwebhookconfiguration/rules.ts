/** What only writes need of the kind. */
export { validateWebhooks as validate } from '../webhook-validation.ts';
