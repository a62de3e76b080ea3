import { type ClusterNetworks, nodePrefixLength } from '../../../kube/cluster-networks.ts';
import type { Node } from '../../../kube/generated/types.ts';
import { nodes } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { type AnyDefinition, definition } from '../../definition.ts';
import { nodeProxy } from '../proxy-locations.ts';
import { podRangeRule } from './pod-ranges.ts';
import { columns } from './table.ts';
import { validateNode, validateNodeStatusUpdate, validateNodeUpdate } from './validation.ts';

/** Nodes report about themselves as they are created: their status is kept. Source: pkg/registry/core/node/strategy.go. */
export const nodeDefinition = ({ podCidr }: ClusterNetworks): AnyDefinition =>
  definition<Node>({
    type: nodes,
    schema: builtIn('io.k8s.api.core.v1.Node'),
    singular: 'node',
    etcdPrefix: '/minions',
    shortNames: ['no'],
    hasStatus: true,
    keepsNewStatus: true,
    subresources: [nodeProxy],
    columns,
    selectableFields: ['spec.unschedulable'],
    fields: ({ spec }) => ({ 'spec.unschedulable': String(spec?.unschedulable ?? false) }),
    setDefaults(node) {
      node.spec ??= {};
      // Where the two differ, the one that old clients know counts.
      const { podCIDR, podCIDRs = [] } = node.spec;
      if (podCIDR && podCIDR !== podCIDRs[0]) node.spec.podCIDRs = [podCIDR];
      delete node.status?.config;
      if (node.status?.capacity !== undefined) node.status.allocatable ??= { ...node.status.capacity };
    },
    prepareForUpdate({ spec }, { spec: current }) {
      // The ranges are given by the server: a client that knows nothing of them leaves them as they are.
      if (spec === undefined || spec.podCIDR || spec.podCIDRs?.length) return;
      if (current?.podCIDR !== undefined) spec.podCIDR = current.podCIDR;
      if (current?.podCIDRs !== undefined) spec.podCIDRs = current.podCIDRs;
    },
    prepareForStatusUpdate({ status }, { status: current }) {
      if (current?.config === undefined) delete status?.config;
    },
    validate: validateNode,
    validateUpdate: validateNodeUpdate,
    validateStatusUpdate: validateNodeStatusUpdate,
    warnings: ({ spec }) => [
      ...(spec?.configSource === undefined ? [] : ['spec.configSource: the feature is removed']),
      ...(spec?.externalID ? ['spec.externalID: this field is deprecated, and is unused by Kubernetes'] : []),
    ],
    commit: [podRangeRule(podCidr, nodePrefixLength)],
  });
