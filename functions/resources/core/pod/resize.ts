/**
 * `pods/resize`: other amounts of cpu and memory for containers that go on running, and nothing else.
 * Source: pkg/apis/core/validation/validation.go (ValidatePodResize), pkg/registry/core/pod/strategy.go (podResizeStrategy)
 */
import { semanticallyEqual } from '../../../kube/equality.ts';
import { type FieldError, forbiddenField, invalid, invalidObject } from '../../../kube/field-error.ts';
import type { Container, Pod, ResourceRequirements } from '../../../kube/generated/types.ts';
import { type KubeObject, annotationsOf, nameOf } from '../../../kube/object.ts';
import type { ObjectSubresource } from '../../definition.ts';
import { setPodDefaults } from '../../../kube/pod-defaults.ts';
import { qosClassOf } from '../../../kube/pod-qos.ts';
import { validatePodSpec } from './validation.ts';

const mirrorAnnotation = 'kubernetes.io/config.mirror';
const lists = ['containers', 'initContainers'] as const;
type List = (typeof lists)[number];

const containersIn = ({ spec }: Pod, list: List): readonly Container[] => spec[list] ?? [];

/** The pod with the resources that are wanted: everything else stays. Other containers than before are refused later. */
function resized(pod: Pod, wanted: Pod): Pod {
  const next: Pod = { ...pod, spec: { ...pod.spec } };
  for (const list of lists) {
    const [before, after] = [containersIn(pod, list), containersIn(wanted, list)];
    const isSame = before.length === after.length && before.every(({ name }, index) => after[index]?.name === name);
    if (after.length === 0 && before.length === 0) continue;
    next.spec[list] = isSame ? before.map((container, index) => withResources(container, after[index])) : [...after];
  }
  setPodDefaults(next);
  return next;
}

function withResources(container: Container, wanted: Container | undefined): Container {
  const { resources: _resources, resizePolicy: _policy, ...rest } = container;
  const { resources, resizePolicy } = wanted ?? {};
  return { ...rest, ...(resources === undefined ? {} : { resources }), ...(resizePolicy === undefined ? {} : { resizePolicy }) };
}

function orderErrors(next: Pod, pod: Pod, list: List): FieldError[] {
  const [before, after] = [containersIn(pod, list), containersIn(next, list)];
  const path = `spec.${list}`;
  if (before.length !== after.length) return [forbiddenField(path, `${list} may not be added or removed on resize`)];
  return before.flatMap(({ name }, index) =>
    after[index]?.name === name ? [] : [forbiddenField(`${path}[${index}].name`, `${list} may not be renamed or reordered on resize`)],
  );
}

type Amounts = Readonly<Record<string, string>> | undefined;

const isRemoved = (after: Amounts, before: Amounts): boolean => Object.keys(before ?? {}).some((name) => after?.[name] === undefined);

function removalErrors(after: ResourceRequirements | undefined, before: ResourceRequirements | undefined, path: string): FieldError[] {
  return (['requests', 'limits'] as const).flatMap((kind) =>
    isRemoved(after?.[kind], before?.[kind]) ? [forbiddenField(`${path}.${kind}`, `resource ${kind} cannot be removed`)] : [],
  );
}

/** The fields that a resize may not change. */
function fixedPart({ resizePolicy: _policy, resources = {}, ...rest }: Container): unknown {
  const others = (amounts: Amounts): Amounts =>
    Object.fromEntries(Object.entries(amounts ?? {}).filter(([name]) => name !== 'cpu' && name !== 'memory'));
  return { ...rest, requests: others(resources.requests), limits: others(resources.limits), claims: resources.claims };
}

const isSidecar = ({ restartPolicy }: Container): boolean => restartPolicy === 'Always';

function containerErrors(next: Pod, pod: Pod, list: List): FieldError[] {
  return containersIn(pod, list).flatMap((before, index) => {
    const after = containersIn(next, list)[index];
    const path = `spec.${list}[${index}]`;
    if (after === undefined) return [];
    if (list === 'initContainers' && !isSidecar(before)) {
      return semanticallyEqual(after, before) ? [] : [forbiddenField('spec', 'resources for non-sidecar init containers are immutable')];
    }
    const why =
      list === 'containers'
        ? forbiddenField('spec', 'only cpu and memory resources are mutable')
        : forbiddenField(path, 'only cpu and memory resources for init or sidecar containers are mutable');
    return [
      ...removalErrors(after.resources, before.resources, `${path}.resources`),
      ...(semanticallyEqual(fixedPart(after), fixedPart(before)) ? [] : [why]),
    ];
  });
}

/** A node that reports no resources of what runs there cannot change them. */
function isSupported({ status }: Pod): boolean {
  const running = (status?.containerStatuses ?? []).find(({ state }) => state?.running !== undefined);
  return running === undefined || running.resources !== undefined;
}

export function resizeErrors(next: Pod, pod: Pod): FieldError[] {
  if (annotationsOf(pod)[mirrorAnnotation] !== undefined) return [forbiddenField('', 'static pods cannot be resized')];
  if (pod.spec.os?.name === 'windows') return [forbiddenField('', 'windows pods cannot be resized')];
  const errors = validatePodSpec(next.spec, 'spec');
  if ((pod.status?.qosClass ?? qosClassOf(pod)) !== qosClassOf(next)) {
    errors.push(invalid('spec', next.status?.qosClass ?? '', 'Pod QOS Class may not change as a result of resizing'));
  }
  if (!isSupported(pod)) errors.push(forbiddenField('spec', 'Pod running on node without support for resize'));
  if (pod.spec.resources !== undefined)
    return [...errors, forbiddenField('spec.resources', 'pods with resources of their own are not resized by this cluster')];
  const order = lists.flatMap((list) => orderErrors(next, pod, list));
  if (order.length > 0) return [...errors, ...order];
  return [...errors, ...lists.flatMap((list) => containerErrors(next, pod, list))];
}

function checked(pod: Pod, wanted: Pod): Pod {
  const next = resized(pod, wanted);
  const errors = resizeErrors(next, pod);
  if (errors.length > 0) throw invalidObject({ group: '', kind: 'Pod' }, nameOf(pod), errors);
  return next;
}

export const writeResources: ObjectSubresource<Pod>['write'] = (pod, body: KubeObject & Partial<Pod>) => ({
  outcome: 'update',
  object: checked(pod, body as Pod),
});
