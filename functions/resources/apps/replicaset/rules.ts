/** What only writes need of the kind. */
export {
  validateReplicaSet as validate,
  validateReplicaSetStatus as validateStatusUpdate,
  validateReplicaSetUpdate as validateUpdate,
} from './validation.ts';
