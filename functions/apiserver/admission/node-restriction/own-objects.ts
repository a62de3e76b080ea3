/** Objects that bear the node's name, or name it. */
import type { ResourceSlice } from '../../../kube/generated/types.ts';
import type { AdmissionAttributes } from '../../ports.ts';
import { type Check, quote } from './check.ts';

const leaseNamespace = 'kube-node-lease';

/** The name of an object that is created is in its body. */
const nameOfWrite = ({ operation, name, object }: AdmissionAttributes): string =>
  operation === 'CREATE' ? (object?.metadata.name ?? '') : name;

export const checkLease: Check = async (attributes, { nodeName }) => {
  if (attributes.namespace !== leaseNamespace) return `can only access leases in the ${quote(leaseNamespace)} system namespace`;
  return nameOfWrite(attributes) === nodeName ? '' : 'can only access node lease with the same name as the requesting node';
};

export const checkCsiNode: Check = async (attributes, { nodeName }) =>
  nameOfWrite(attributes) === nodeName ? '' : 'can only access CSINode with the same name as the requesting node';

/** An update is the authorizer's: the node is in the object that is there. */
export const checkResourceSlice: Check = async ({ operation, object, oldObject }, { nodeName }) => {
  if (operation === 'UPDATE') return '';
  const slice = (operation === 'CREATE' ? object : oldObject) as ResourceSlice | undefined;
  return slice?.spec.nodeName === nodeName
    ? ''
    : `can only ${operation.toLowerCase()} ResourceSlice with the same NodeName as the requesting node`;
};
