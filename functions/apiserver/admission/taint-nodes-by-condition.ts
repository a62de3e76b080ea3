/**
 * A new node takes no pods before it is known to be ready: the node lifecycle controller removes the taint.
 * Source: plugin/pkg/admission/nodetaint/admission.go.
 */
import type { Node } from '../../kube/generated/types.ts';
import { nodes } from '../../kube/resource-type.ts';
import type { AdmissionPlugin } from '../ports.ts';
import { isOf } from './refuse.ts';

const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  handles: (attributes) => attributes.operation === 'CREATE' && isOf(attributes, nodes),
  async admit({ object }) {
    const node = object as Node | undefined;
    if (node === undefined) return;
    const { taints = [] } = node.spec ?? {};
    if (taints.some(({ key, effect }) => key === notReady.key && effect === notReady.effect)) return;
    node.spec = { ...node.spec, taints: [...taints, { ...notReady }] };
  },
};
