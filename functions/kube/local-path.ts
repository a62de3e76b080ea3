/** Volumes that are directories of a node: how the provisioner, the API and the node's agent know them. Pure. */
import type { PersistentVolume } from './generated/types.ts';
import { annotationsOf, isTerminating, nameOf } from './object.ts';
import { provisionedByAnnotation } from './volumes.ts';

export const localPathProvisioner = 'local-path.hibernetes.dev';
export const localPathNodeAnnotation = 'local-path.hibernetes.dev/node';
/** Stays until the node has removed the directory. */
export const localPathFinalizer = 'local-path.hibernetes.dev/data';

export const isLocalPath = (volume: PersistentVolume): boolean => annotationsOf(volume)[provisionedByAnnotation] === localPathProvisioner;

/** The directory; undefined for one that does not bear the volume's name, which is nothing that the provisioner made. */
export function localPathOf(volume: PersistentVolume): string | undefined {
  const path = volume.spec.local?.path;
  return isLocalPath(volume) && path?.endsWith(`/${nameOf(volume)}`) === true ? path : undefined;
}

/** The node that is to remove the volume's data, once no claim is bound to it. */
export const removingNodeOf = (volume: PersistentVolume): string | undefined =>
  isLocalPath(volume) && isTerminating(volume) && volume.status?.phase !== 'Bound'
    ? annotationsOf(volume)[localPathNodeAnnotation]
    : undefined;
