/** What is stored though it is doubtful, of a pod and of templates of pods. Source: pkg/api/pod/warnings.go. */
import { goQuote } from '../../../kube/go-quote.ts';
import type {
  Container,
  ContainerPort,
  EnvVar,
  NodeSelectorTerm,
  Pod,
  PodAffinityTerm,
  PodSpec,
  PodTemplateSpec,
} from '../../../kube/generated/types.ts';
import { annotationsOf, nameOf } from '../../../kube/object.ts';
import { canonicalQuantity, quantityMilli } from '../../../kube/quantity.ts';
import { repeatedIndexes } from '../../field-rules.ts';
import { nameWarnings } from '../../name-warnings.ts';
import { pathWarnings } from './path-warnings.ts';

const deprecatedLabels: ReadonlyMap<string, string> = new Map([
  ['beta.kubernetes.io/arch', 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ['beta.kubernetes.io/os', 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  ['failure-domain.beta.kubernetes.io/region', 'deprecated since v1.17; use "topology.kubernetes.io/region" instead'],
  ['failure-domain.beta.kubernetes.io/zone', 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'],
  ['beta.kubernetes.io/instance-type', 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'],
  ['app.kubernetes.io/created-by', 'deprecated since v1.9'],
  ['scheduler.alpha.kubernetes.io/preferAvoidPods', 'deprecated since v1.22; use Taints and Tolerations instead'],
  ['node-role.kubernetes.io/master', 'use "node-role.kubernetes.io/control-plane" instead'],
]);

const deprecatedAnnotations = [
  ['scheduler.alpha.kubernetes.io/critical-pod', 'non-functional in v1.16+; use the "priorityClassName" field instead'],
  ['security.alpha.kubernetes.io/sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
  ['security.alpha.kubernetes.io/unsafe-sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
] as const;

/** In upstream's order; a field may be named otherwise in the warning. */
const deprecatedVolumes = [
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
] as const;

/** Warnings about a new pod; updates get none. */
export const podWarnings = (pod: Pod, current?: Pod): string[] =>
  current === undefined ? [...nameWarnings(nameOf(pod), "in the Pod's hostname"), ...specWarnings(pod.spec, annotationsOf(pod), '')] : [];

/** Warnings about a new template, or one that an update changed. */
export const templateWarnings = (template: PodTemplateSpec | undefined, path: string): string[] =>
  template?.spec === undefined ? [] : specWarnings(template.spec, template.metadata?.annotations ?? {}, path);

interface Workload {
  readonly metadata: { readonly name?: string; readonly generation?: number };
}

/** The warnings of a kind with a template: `isNamed` where its name becomes that of its pods. */
export const workloadWarnings =
  <T extends Workload>(templateOf: (object: T) => PodTemplateSpec | undefined, { isNamed, path = 'spec.template' }: WorkloadNames) =>
  (next: T, current?: T): string[] => {
    if (current !== undefined && current.metadata.generation === next.metadata.generation) return [];
    const names = isNamed && current === undefined ? nameWarnings(next.metadata.name ?? '') : [];
    return [...names, ...templateWarnings(templateOf(next), path)];
  };

interface WorkloadNames {
  readonly isNamed: boolean;
  readonly path?: string;
}

type Annotations = Readonly<Record<string, string>>;

function specWarnings(spec: PodSpec, annotations: Annotations, path: string): string[] {
  const at = path === '' ? '' : `${path}.`;
  const containers = [
    ...(spec.initContainers ?? []).map((one, index) => [one, `${at}spec.initContainers[${index}]`] as const),
    ...(spec.containers ?? []).map((one, index) => [one, `${at}spec.containers[${index}]`] as const),
    ...(spec.ephemeralContainers ?? []).map((one, index) => [one, `${at}spec.ephemeralContainers[${index}]`] as const),
  ];
  return [
    ...placeWarnings(spec, at),
    ...deprecatedAnnotations.flatMap(([key, why]) => (annotations[key] === undefined ? [] : [`${at}metadata.annotations[${key}]: ${why}`])),
    ...(spec.volumes ?? []).flatMap((volume, index) =>
      deprecatedVolumes.flatMap(([field, name, why]) =>
        volume[field] === undefined ? [] : [`${at}spec.volumes[${index}].${name}: ${why}`],
      ),
    ),
    ...pathWarnings(spec.volumes ?? []),
    ...repeatedWarnings(spec, at),
    ...fractionWarnings(spec.overhead, `${at}spec.overhead`),
    ...containers.flatMap(([container, field]) => [
      ...fractionWarnings(container.resources?.limits, `${field}.resources.limits`, 'memory'),
      ...fractionWarnings(container.resources?.requests, `${field}.resources.requests`, 'memory'),
      ...fractionWarnings(container.resources?.limits, `${field}.resources.limits`, 'ephemeral-storage'),
      ...fractionWarnings(container.resources?.requests, `${field}.resources.requests`, 'ephemeral-storage'),
      ...environmentWarnings(container.env ?? [], `${field}.env`),
    ]),
    ...portWarnings(containers),
    ...((spec.terminationGracePeriodSeconds ?? 0) < 0
      ? [`${at}spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`]
      : []),
    ...affinityWarnings(spec, `${at}spec.affinity`),
  ];
}

function placeWarnings(spec: PodSpec, at: string): string[] {
  const { requiredDuringSchedulingIgnoredDuringExecution: needed, preferredDuringSchedulingIgnoredDuringExecution: preferred = [] } =
    spec.affinity?.nodeAffinity ?? {};
  const node = `${at}spec.affinity.nodeAffinity`;
  return [
    ...Object.keys(spec.nodeSelector ?? {}).flatMap((key) =>
      deprecatedLabels.get(key) === undefined ? [] : [`${at}spec.nodeSelector[${key}]: ${deprecatedLabels.get(key)}`],
    ),
    ...(needed?.nodeSelectorTerms ?? []).flatMap((term, index) =>
      termWarnings(term, `${node}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${index}]`),
    ),
    ...preferred.flatMap(({ preference }, index) =>
      termWarnings(preference, `${node}.preferredDuringSchedulingIgnoredDuringExecution[${index}].preference`),
    ),
    ...(spec.topologySpreadConstraints ?? []).flatMap(({ topologyKey, labelSelector }, index) => {
      const field = `${at}spec.topologySpreadConstraints[${index}]`;
      return [
        ...(deprecatedLabels.get(topologyKey) === undefined
          ? []
          : [`${field}.topologyKey: ${topologyKey} is ${deprecatedLabels.get(topologyKey)}`]),
        ...(labelSelector === undefined ? [`${field}.labelSelector: a null labelSelector results in matching no pod`] : []),
      ];
    }),
  ];
}

const termWarnings = ({ matchExpressions = [] }: NodeSelectorTerm, path: string): string[] =>
  matchExpressions.flatMap(({ key }, index) =>
    deprecatedLabels.get(key) === undefined ? [] : [`${path}.matchExpressions[${index}].key: ${key} is ${deprecatedLabels.get(key)}`],
  );

function repeatedWarnings({ hostAliases = [], imagePullSecrets = [] }: PodSpec, at: string): string[] {
  const names = imagePullSecrets.map(({ name = '' }) => name);
  const ips = hostAliases.map(({ ip }) => ip);
  return [
    ...repeatedIndexes(ips).map((index) => `${at}spec.hostAliases[${index}].ip: duplicate ip ${goQuote(ips[index] ?? '')}`),
    ...repeatedIndexes(names).map((index) => `${at}spec.imagePullSecrets[${index}].name: duplicate name ${goQuote(names[index] ?? '')}`),
    ...names.flatMap((name, index) => (name === '' ? [`${at}spec.imagePullSecrets[${index}].name: invalid empty name ""`] : [])),
  ];
}

/** Bytes come whole. */
function fractionWarnings(amounts: Readonly<Record<string, string>> | undefined, path: string, only?: string): string[] {
  return (only === undefined ? ['memory', 'ephemeral-storage'] : [only]).flatMap((name) => {
    const amount = amounts?.[name];
    if (amount === undefined || quantityMilli(amount) % 1000 === 0) return [];
    return [`${path}[${name}]: fractional byte value ${goQuote(canonicalQuantity(amount))} is invalid, must be an integer`];
  });
}

/** A variable may be extended by itself; else the one before it is lost. */
const environmentWarnings = (variables: readonly EnvVar[], path: string): string[] =>
  repeatedIndexes(variables.map(({ name }) => name)).flatMap((index) => {
    const { name = '', value = '', valueFrom } = variables[index] ?? {};
    const reference = `$(${name})`;
    if (valueFrom === undefined && value !== reference && value.includes(reference)) return [];
    return [`${path}[${index}]: hides previous definition of ${goQuote(name)}, which may be dropped when using apply`];
  });

interface PlacedPort {
  readonly port: ContainerPort;
  readonly field: string;
}

function portWarnings(containers: readonly (readonly [Pick<Container, 'ports'>, string])[]): string[] {
  const ports = containers.flatMap(([{ ports: all = [] }, path]) =>
    all.map((port, index): PlacedPort => ({ port, field: `${path}.ports[${index}]` })),
  );
  const named = new Map<string, string>();
  const overlaps = ports.flatMap((placed, index) => [
    ...(placed.port.hostIP && !placed.port.hostPort ? [`${placed.field}: hostIP set without hostPort: ${goPort(placed.port)}`] : []),
    ...ports.slice(0, index).flatMap((other) => overlapWarnings(placed, other)),
  ]);
  const names = ports.flatMap(({ port: { name = '' }, field }) => {
    const other = named.get(name);
    if (name === '') return [];
    if (other === undefined) named.set(name, field);
    if (other === undefined) return [];
    return [
      `${field}: duplicate port name ${goQuote(name)} with ${other}, services and probes that select ports by name will use ${other}`,
    ];
  });
  return [...overlaps, ...names];
}

/** A port as Go prints the struct. */
const goPort = ({ name = '', hostPort = 0, containerPort, protocol = '', hostIP = '' }: ContainerPort): string =>
  `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;

function overlapWarnings({ port, field }: PlacedPort, { port: other, field: otherField }: PlacedPort): string[] {
  if (port.containerPort !== other.containerPort || port.protocol !== other.protocol) return [];
  const [ip, otherIp] = [port.hostIP ?? '', other.hostIP ?? ''];
  const [host, otherHost] = [port.hostPort ?? 0, other.hostPort ?? 0];
  if (ip === otherIp && host === otherHost) return [`${field}: duplicate port definition with ${otherField}`];
  if (host === 0 || otherHost === 0) return [`${field}: overlapping port definition with ${otherField}`];
  const isAmbiguous = host === otherHost && (ip === '') !== (otherIp === '');
  return isAmbiguous ? [`${field}: dangerously ambiguous port definition with ${otherField}`] : [];
}

function affinityWarnings({ affinity }: PodSpec, path: string): string[] {
  const unselected = (term: PodAffinityTerm | undefined, field: string): string[] =>
    term?.labelSelector === undefined ? [`${field}.labelSelector: a null labelSelector results in matching no pod`] : [];
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap((sort) => {
    const { requiredDuringSchedulingIgnoredDuringExecution: needed = [], preferredDuringSchedulingIgnoredDuringExecution: preferred = [] } =
      affinity?.[sort] ?? {};
    return [
      ...needed.flatMap((term, index) => unselected(term, `${path}.${sort}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`)),
      ...preferred.flatMap(({ podAffinityTerm }, index) =>
        unselected(podAffinityTerm, `${path}.${sort}.preferredDuringSchedulingIgnoredDuringExecution[${index}].podAffinityTerm`),
      ),
    ];
  });
}
