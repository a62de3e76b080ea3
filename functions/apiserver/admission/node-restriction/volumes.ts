/** A volume whose data the node removed. Ours: upstream's nodes write no volumes. */
import { deepEqual } from '../../../kube/equality.ts';
import type { PersistentVolume } from '../../../kube/generated/types.ts';
import { localPathFinalizer } from '../../../kube/local-path.ts';
import { type Check, unexpectedOperation } from './check.ts';

/** What the node must leave as it is. */
const kept = ({ metadata, spec }: PersistentVolume): unknown => {
  const { labels = {}, annotations = {}, ownerReferences = [], finalizers = [] } = metadata;
  return { labels, annotations, ownerReferences, spec, finalizers: finalizers.filter((finalizer) => finalizer !== localPathFinalizer) };
};

/** Which volume it is has the authorizer decided. */
export const checkVolume: Check = async (attributes) => {
  const { operation, object, oldObject } = attributes;
  if (operation !== 'UPDATE' || object === undefined || oldObject === undefined) return unexpectedOperation(attributes);
  return deepEqual(kept(object as PersistentVolume), kept(oldObject as PersistentVolume))
    ? ''
    : `may only remove the finalizer ${localPathFinalizer}`;
};
