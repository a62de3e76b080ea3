/**
 * The limit ranges of a namespace: what containers that ask for nothing get, and what pods and claims may ask for.
 * Source: plugin/pkg/admission/limitranger/admission.go.
 */
import type { Container, LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod } from '../../kube/generated/types.ts';
import type { KubeObject } from '../../kube/object.ts';
import { groupResource, limitRanges, persistentVolumeClaims, pods } from '../../kube/resource-type.ts';
import { forbidden } from '../../kube/status-error.ts';
import type { View } from '../../kube/view.ts';
import type { AdmissionAttributes } from '../ports.ts';
import { limitErrors, requestErrors } from './limit-checks.ts';
import type { AdmissionOptions, PluginKind } from './plugin-kind.ts';
import { podAmounts } from '../../resources/core/pod/amounts.ts';
import { isOf } from './refuse.ts';

const resource = groupResource(limitRanges);
const podResource = groupResource(pods);
const annotation = 'kubernetes.io/limit-ranger';

const itemsIn = (view: View, namespace: string): readonly LimitRangeItem[] =>
  view.list(resource, namespace).flatMap(({ object }) => (object as LimitRange).spec?.limits ?? []);

const isChecked = (attributes: AdmissionAttributes): boolean => {
  const { operation } = attributes;
  if (isOf(attributes, persistentVolumeClaims)) return operation === 'CREATE' || operation === 'UPDATE';
  return (operation === 'CREATE' && isOf(attributes, pods)) || (operation === 'UPDATE' && isOf(attributes, pods, 'resize'));
};

export const limitRanger: PluginKind = {
  name: 'LimitRanger',
  isDefault: true,
  create: ({ store }: AdmissionOptions) => ({
    name: 'LimitRanger',
    handles: isChecked,
    async admit(attributes) {
      const pod = attributes.object as Pod | undefined;
      if (!isOf(attributes, pods) || pod?.spec === undefined) return;
      for (const { object } of store.view().list(resource, attributes.namespace)) setDefaults(pod, object as LimitRange);
    },
    commit: {
      lists: [resource],
      apply({ key, next }, view) {
        const errors = itemsIn(view, key.namespace).flatMap((item) => errorsOf(key.resource, next, item));
        if (errors.length === 0) return {};
        const type = key.resource === podResource ? pods : persistentVolumeClaims;
        throw forbidden(type, key.name, errors.length === 1 ? (errors[0] ?? '') : `[${errors.join(', ')}]`);
      },
    },
  }),
};

function errorsOf(checked: string, object: KubeObject, item: LimitRangeItem): string[] {
  if (checked !== podResource) {
    const requests = (object as PersistentVolumeClaim).spec.resources?.requests ?? {};
    return item.type === 'PersistentVolumeClaim' ? requestErrors(item, requests) : [];
  }
  const pod = object as Pod;
  if (item.type === 'Pod') return limitErrors(item, podAmounts(pod));
  if (item.type !== 'Container') return [];
  const containers: readonly Container[] = [...(pod.spec.containers ?? []), ...(pod.spec.initContainers ?? [])];
  return containers.flatMap(({ resources }) => limitErrors(item, { requests: resources?.requests ?? {}, limits: resources?.limits ?? {} }));
}

/** What a container leaves open, and an annotation that lists it. */
function setDefaults(pod: Pod, { spec }: LimitRange): void {
  const items = (spec?.limits ?? []).filter(({ type }) => type === 'Container');
  const defaults = {
    requests: Object.assign({}, ...items.map(({ defaultRequest }) => defaultRequest)) as Record<string, string>,
    limits: Object.assign({}, ...items.map((item) => item.default)) as Record<string, string>,
  };
  const notes = [
    ...(pod.spec.containers ?? []).flatMap((container) => setContainer(container, defaults, 'container')),
    ...(pod.spec.initContainers ?? []).flatMap((container) => setContainer(container, defaults, 'init container')),
  ];
  if (notes.length === 0) return;
  pod.metadata.annotations = { ...pod.metadata.annotations, [annotation]: `LimitRanger plugin set: ${notes.join('; ')}` };
}

type Lists = Readonly<Record<'requests' | 'limits', Record<string, string>>>;

function setContainer(container: Container, defaults: Lists, what: string): string[] {
  return (['requests', 'limits'] as const).flatMap((list) => {
    const given = container.resources?.[list] ?? {};
    const missing = Object.keys(defaults[list]).filter((name) => given[name] === undefined);
    if (missing.length === 0) return [];
    container.resources = { ...container.resources, [list]: { ...defaults[list], ...given } };
    return [`${missing.toSorted().join(', ')} ${list === 'requests' ? 'request' : 'limit'} for ${what} ${container.name}`];
  });
}
