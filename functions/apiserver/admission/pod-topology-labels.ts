/** A pod gets the zone and region of its node as labels. Source: plugin/pkg/admission/podtopologylabels/admission.go. */
import type { Binding, Pod } from '../../kube/generated/types.ts';
import { type KubeObject, labelsOf } from '../../kube/object.ts';
import { groupResource, nodes, pods } from '../../kube/resource-type.ts';
import type { AdmissionPlugin } from '../ports.ts';
import type { PluginKind } from './plugin-kind.ts';
import { isOf } from './refuse.ts';

const copiedLabels = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

export const podTopologyLabels: PluginKind = {
  name: 'PodTopologyLabels',
  isDefault: true,
  create: ({ store }): AdmissionPlugin => {
    const topologyOf = (nodeName: string): Record<string, string> => {
      const node = store.view().get({ resource: groupResource(nodes), namespace: '', name: nodeName })?.object;
      const labels = node === undefined ? {} : labelsOf(node);
      return Object.fromEntries(copiedLabels.flatMap((key) => (labels[key] === undefined ? [] : [[key, labels[key]]])));
    };
    const addTo = (object: KubeObject, nodeName: string): void => {
      const copied = topologyOf(nodeName);
      if (Object.keys(copied).length > 0) object.metadata.labels = { ...object.metadata.labels, ...copied };
    };
    return {
      name: 'PodTopologyLabels',
      handles: (attributes) => attributes.operation === 'CREATE' && (isOf(attributes, pods) || isOf(attributes, pods, 'binding')),
      async admit({ object, subresource }) {
        if (object === undefined) return;
        if (subresource === 'binding') {
          const { target } = object as KubeObject & Pick<Binding, 'target'>;
          if (target?.kind === nodes.kind) addTo(object, target.name ?? '');
          return;
        }
        const { spec } = object as Pod;
        if ((spec?.nodeName ?? '') !== '') addTo(object, spec.nodeName ?? '');
      },
    };
  },
};
