/** What only writes need of the kind. */
export { validateReplicaSet as validate, validateReplicaSetUpdate as validateUpdate } from './validation.ts';
