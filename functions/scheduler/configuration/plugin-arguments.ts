/** Arguments of plug-ins: their shapes, defaults and checks. Source: pkg/scheduler/apis/config/validation/validation_pluginargs.go. */
import { duplicate, type FieldError, forbiddenField, invalid, notSupported, required } from '../../kube/field-error.ts';
import type { TopologySpreadConstraint } from '../../kube/generated/types.ts';
import type { JsonObject } from '../../kube/object.ts';
import { qualifiedNameErrors } from '../../kube/names.ts';
import { defaultArguments, type PluginArguments, type ResourceWeight, type ShapePoint } from './configuration.ts';
import { flag, integer, listOf, type Shape, struct, text } from '../../kube/configuration/shape.ts';

type Named = keyof PluginArguments;

const requirement = struct('v1.NodeSelectorRequirement', { key: text, operator: text, values: listOf(text) });
const nodeTerm = struct('v1.NodeSelectorTerm', { matchExpressions: listOf(requirement), matchFields: listOf(requirement) });
const weights = listOf(struct('v1.ResourceSpec', { name: text, weight: integer(64) }));
const shape = listOf(struct('v1.UtilizationShapePoint', { utilization: integer(32), score: integer(32) }));
const labelSelector = struct('*v1.LabelSelector', { matchLabels: struct('map[string]string', {}), matchExpressions: listOf(requirement) });

const header = { apiVersion: text, kind: text };

export const argumentShapes: Readonly<Record<Named, Shape>> = {
  DefaultPreemption: struct('v1.DefaultPreemptionArgs', {
    ...header,
    minCandidateNodesPercentage: integer(32),
    minCandidateNodesAbsolute: integer(32),
  }),
  InterPodAffinity: struct('v1.InterPodAffinityArgs', {
    ...header,
    hardPodAffinityWeight: integer(32),
    ignorePreferredTermsOfExistingPods: flag,
  }),
  NodeAffinity: struct('v1.NodeAffinityArgs', {
    ...header,
    addedAffinity: struct('v1.NodeAffinity', {
      requiredDuringSchedulingIgnoredDuringExecution: struct('v1.NodeSelector', { nodeSelectorTerms: listOf(nodeTerm) }),
      preferredDuringSchedulingIgnoredDuringExecution: listOf(
        struct('v1.PreferredSchedulingTerm', { weight: integer(32), preference: nodeTerm }),
      ),
    }),
  }),
  NodeResourcesBalancedAllocation: struct('v1.NodeResourcesBalancedAllocationArgs', { ...header, resources: weights }),
  NodeResourcesFit: struct('v1.NodeResourcesFitArgs', {
    ...header,
    ignoredResources: listOf(text),
    ignoredResourceGroups: listOf(text),
    scoringStrategy: struct('v1.ScoringStrategy', {
      type: text,
      resources: weights,
      requestedToCapacityRatio: struct('v1.RequestedToCapacityRatioParam', { shape }),
    }),
  }),
  PodTopologySpread: struct('v1.PodTopologySpreadArgs', {
    ...header,
    defaultConstraints: listOf(
      struct('v1.TopologySpreadConstraint', {
        maxSkew: integer(32),
        topologyKey: text,
        whenUnsatisfiable: text,
        labelSelector,
        minDomains: integer(32),
        nodeAffinityPolicy: text,
        nodeTaintsPolicy: text,
        matchLabelKeys: listOf(text),
      }),
    ),
    defaultingType: text,
  }),
};

export const hasArguments = (name: string): name is Named => Object.hasOwn(argumentShapes, name);

const weighed = (resources: readonly ResourceWeight[] | undefined, fallback: readonly ResourceWeight[]): readonly ResourceWeight[] =>
  (resources ?? []).length === 0 ? fallback : (resources ?? []).map(({ name, weight }) => ({ name, weight: weight || 1 }));

/** `written` fits the plug-in's shape. */
export function withDefaults(name: Named, written: JsonObject): PluginArguments[Named] {
  const { apiVersion: _version, kind: _kind, ...own } = written;
  const args = { ...defaultArguments[name], ...own } as PluginArguments[Named];
  if (name === 'NodeResourcesBalancedAllocation') {
    const { resources } = args as PluginArguments['NodeResourcesBalancedAllocation'];
    return { resources: weighed(resources, defaultArguments[name].resources) };
  }
  if (name !== 'NodeResourcesFit') return args;
  const fit = args as PluginArguments['NodeResourcesFit'];
  const { resources } = fit.scoringStrategy;
  return {
    ...fit,
    scoringStrategy: { ...fit.scoringStrategy, resources: weighed(resources, defaultArguments[name].scoringStrategy.resources) },
  };
}

const labelNameErrors = (name: string, path: string): readonly FieldError[] =>
  qualifiedNameErrors(name).map((text) => invalid(path, name, text));

type Check<N extends Named> = (args: PluginArguments[N], path: string) => readonly FieldError[];

const outside = (value: number, least: number, most: number): boolean => value < least || value > most;

function shapeErrors(points: readonly ShapePoint[], path: string): readonly FieldError[] {
  if (points.length === 0) return [required(path, 'at least one point must be specified')];
  const unsorted = points.findIndex(({ utilization }, index) => index > 0 && (points[index - 1]?.utilization ?? 0) >= utilization);
  return [
    ...(unsorted < 0
      ? []
      : [invalid(`${path}[${unsorted}].utilization`, points[unsorted]?.utilization, 'values must be sorted in increasing order')]),
    ...points.flatMap(({ utilization, score }, index) => [
      ...(outside(utilization, 0, 100) ? [invalid(`${path}[${index}].utilization`, utilization, 'not in valid range [0, 100]')] : []),
      ...(outside(score, 0, 10) ? [invalid(`${path}[${index}].score`, score, 'not in valid range [0, 10]')] : []),
    ]),
  ];
}

const strategies = ['LeastAllocated', 'MostAllocated', 'RequestedToCapacityRatio'];

// Upstream has this check, too, but under a name that no plug-in has: it refuses when the plug-in starts instead.
const fitErrors: Check<'NodeResourcesFit'> = ({ ignoredResources, ignoredResourceGroups, scoringStrategy }, path) => {
  const at = `${path}.scoringStrategy`;
  const { type, resources, requestedToCapacityRatio: ratio } = scoringStrategy;
  const ratioPath = `${at}.requestedToCapacityRatio`;
  const isRatio = type === 'RequestedToCapacityRatio';
  return [
    ...ignoredResources.flatMap((name, index) => labelNameErrors(name, `${path}.ignoredResources[${index}]`)),
    ...ignoredResourceGroups.flatMap((group, index) => [
      ...(group.includes('/') ? [invalid(`${path}.ignoredResourceGroups[${index}]`, group, "resource group name can't contain '/'")] : []),
      ...labelNameErrors(group, `${path}.ignoredResourceGroups[${index}]`),
    ]),
    ...(strategies.includes(type) ? [] : [notSupported(`${at}.type`, type, strategies)]),
    ...resources.flatMap(({ name, weight }, index) =>
      weight <= 0 || weight > 100
        ? [invalid(`${at}.resources[${index}].weight`, weight, `resource weight of ${name} not in valid range (0, 100]`)]
        : [],
    ),
    ...(isRatio && ratio === undefined ? [required(ratioPath, 'must be specified when type is RequestedToCapacityRatio')] : []),
    ...(isRatio && ratio !== undefined ? shapeErrors(ratio.shape, `${ratioPath}.shape`) : []),
    ...(!isRatio && ratio !== undefined ? [forbiddenField(ratioPath, 'must be nil when type is not RequestedToCapacityRatio')] : []),
  ];
};

const preemptionErrors: Check<'DefaultPreemption'> = (args, path) => {
  const { minCandidateNodesPercentage: percentage, minCandidateNodesAbsolute: absolute } = args;
  const [percentagePath, absolutePath] = [`${path}.minCandidateNodesPercentage`, `${path}.minCandidateNodesAbsolute`];
  return [
    ...(outside(percentage, 0, 100) ? [invalid(percentagePath, percentage, 'not in valid range [0, 100]')] : []),
    ...(absolute < 0 ? [invalid(absolutePath, absolute, 'not in valid range [0, inf)')] : []),
    ...(percentage === 0 && absolute === 0
      ? [
          invalid(percentagePath, percentage, 'cannot be zero at the same time as minCandidateNodesAbsolute'),
          invalid(absolutePath, absolute, 'cannot be zero at the same time as minCandidateNodesPercentage'),
        ]
      : []),
  ];
};

const balanceErrors: Check<'NodeResourcesBalancedAllocation'> = ({ resources }, path) =>
  resources.flatMap(({ name, weight }, index) => [
    ...(resources.findIndex((other) => other.name === name) < index ? [duplicate(`${path}.resources[${index}].name`, name)] : []),
    ...(weight === 1 ? [] : [invalid(`${path}.resources[${index}].weight`, weight, 'must be 1')]),
  ]);

const actions = ['DoNotSchedule', 'ScheduleAnyway'];

function constraintErrors(constraint: TopologySpreadConstraint, path: string): readonly FieldError[] {
  const {
    maxSkew = 0,
    topologyKey = '',
    whenUnsatisfiable = '',
    labelSelector: selector,
  } = constraint as Partial<TopologySpreadConstraint>;
  return [
    ...(maxSkew <= 0 ? [invalid(`${path}.maxSkew`, maxSkew, 'not in valid range (0, inf)')] : []),
    ...(topologyKey === '' ? [required(`${path}.topologyKey`, 'can not be empty')] : labelNameErrors(topologyKey, `${path}.topologyKey`)),
    ...(whenUnsatisfiable === ''
      ? [required(`${path}.whenUnsatisfiable`, 'can not be empty')]
      : actions.includes(whenUnsatisfiable)
        ? []
        : [notSupported(`${path}.whenUnsatisfiable`, whenUnsatisfiable, actions)]),
    ...(selector === undefined
      ? []
      : [forbiddenField(`${path}.labelSelector`, 'constraint must not define a selector, as they deduced for each pod')]),
  ];
}

const spreadErrors: Check<'PodTopologySpread'> = ({ defaultConstraints, defaultingType }, path) => {
  const typePath = `${path}.defaultingType`;
  const isKnown = defaultingType === 'System' || defaultingType === 'List';
  const isAlike = (a: TopologySpreadConstraint, b: TopologySpreadConstraint): boolean =>
    a.topologyKey === b.topologyKey && a.whenUnsatisfiable === b.whenUnsatisfiable;
  return [
    ...(isKnown ? [] : [notSupported(typePath, defaultingType, ['System', 'List'])]),
    ...(defaultingType === 'System' && defaultConstraints.length > 0
      ? [invalid(typePath, defaultingType, 'when .defaultConstraints are not empty')]
      : []),
    ...defaultConstraints.flatMap((constraint, index) => [
      ...constraintErrors(constraint, `${path}.defaultConstraints[${index}]`),
      ...(defaultConstraints.slice(0, index).some((other) => isAlike(other, constraint))
        ? [duplicate(`${path}.defaultConstraints[${index}]`, `{${constraint.topologyKey}, ${constraint.whenUnsatisfiable}}`)]
        : []),
    ]),
  ];
};

const affinityErrors: Check<'InterPodAffinity'> = ({ hardPodAffinityWeight: weight }, path) =>
  outside(weight, 0, 100) ? [invalid(`${path}.hardPodAffinityWeight`, weight, 'not in valid range [0, 100]')] : [];

const checks: { readonly [N in Named]: Check<N> } = {
  DefaultPreemption: preemptionErrors,
  InterPodAffinity: affinityErrors,
  NodeAffinity: () => [],
  NodeResourcesBalancedAllocation: balanceErrors,
  NodeResourcesFit: fitErrors,
  PodTopologySpread: spreadErrors,
};

export const argumentErrors = <N extends Named>(name: N, args: PluginArguments[N], path: string): readonly FieldError[] =>
  checks[name](args, path);
