/**
 * Which plug-ins a profile runs, and in which order. Source: pkg/scheduler/apis/config/v1/default_plugins.go, mergePlugins,
 * and framework/runtime/framework.go, expandMultiPointPlugins.
 */
import { ConfigurationError } from '../../kube/configuration/configuration-error.ts';
import { aProfile } from './refusals.ts';

export interface Enabled {
  readonly name: string;
  readonly weight?: number;
}

export interface PluginSet {
  readonly enabled: readonly Enabled[];
  readonly disabled: readonly { readonly name: string }[];
}

/** What a profile may choose plug-ins for. */
export const chosenPoints = ['multiPoint', 'filter', 'postFilter', 'score'] as const;
export type ChosenPoint = (typeof chosenPoints)[number];
export type PluginSets = Readonly<Record<ChosenPoint, PluginSet>>;

type Point = Exclude<ChosenPoint, 'multiPoint'>;

/** Each plug-in, where it does something, and what its score counts by default. In upstream's order. */
const knownPlugins: readonly { readonly name: string; readonly points: readonly Point[]; readonly weight?: number }[] = [
  { name: 'SchedulingGates', points: [] },
  { name: 'PrioritySort', points: [] },
  { name: 'NodeName', points: ['filter'] },
  { name: 'NodeUnschedulable', points: ['filter'] },
  { name: 'TaintToleration', points: ['filter', 'score'], weight: 3 },
  { name: 'NodeAffinity', points: ['filter', 'score'], weight: 2 },
  { name: 'NodePorts', points: ['filter'] },
  { name: 'NodeResourcesFit', points: ['filter', 'score'], weight: 1 },
  { name: 'VolumeRestrictions', points: ['filter'] },
  { name: 'NodeVolumeLimits', points: ['filter'] },
  { name: 'VolumeBinding', points: ['filter'] },
  { name: 'VolumeZone', points: ['filter'] },
  { name: 'PodTopologySpread', points: ['filter', 'score'], weight: 2 },
  { name: 'InterPodAffinity', points: ['filter', 'score'], weight: 2 },
  { name: 'DynamicResources', points: ['filter'] },
  { name: 'DefaultPreemption', points: ['postFilter'] },
  { name: 'NodeResourcesBalancedAllocation', points: ['score'], weight: 1 },
  { name: 'ImageLocality', points: ['score'], weight: 1 },
  { name: 'DefaultBinder', points: [] },
];

const pluginTypes: Readonly<Record<Point, string>> = { filter: 'FilterPlugin', postFilter: 'PostFilterPlugin', score: 'ScorePlugin' };
const everything = '*';

const names = (plugins: readonly { readonly name: string }[]): ReadonlySet<string> => new Set(plugins.map(({ name }) => name));

/** The default ones with what is enabled and disabled for all points at once. */
function atAllPoints({ enabled, disabled }: PluginSet): readonly Enabled[] {
  const off = names(disabled);
  const own = new Map(enabled.map((plugin) => [plugin.name, plugin]));
  const kept = off.has(everything) ? [] : knownPlugins.filter(({ name }) => !off.has(name)).map(({ name, weight }) => ({ name, weight }));
  const replaced = kept.map(({ name, weight }) => own.get(name) ?? { name, ...(weight !== undefined && { weight }) });
  return [...replaced, ...enabled.filter(({ name }) => !names(kept).has(name))];
}

function atPoint(point: Point, everywhere: readonly Enabled[], { enabled, disabled }: PluginSet, profile: string): readonly Enabled[] {
  const problem = (text: string): ConfigurationError => new ConfigurationError(`${aProfile(profile)}${text}`);
  const seen = new Set<string>();
  for (const { name } of enabled) {
    const known = knownPlugins.find((plugin) => plugin.name === name);
    if (known === undefined) throw problem(`${pluginTypes[point]} ${JSON.stringify(name)} does not exist`);
    if (!known.points.includes(point)) throw problem(`plugin ${JSON.stringify(name)} does not extend ${pluginTypes[point]} plugin`);
    if (seen.has(name)) throw problem(`plugin ${JSON.stringify(name)} already registered as ${JSON.stringify(pluginTypes[point])}`);
    seen.add(name);
  }
  const off = names(disabled);
  const extending = everywhere.filter(({ name }) => knownPlugins.some((plugin) => plugin.name === name && plugin.points.includes(point)));
  const overriding = enabled.filter(({ name }) => names(extending).has(name));
  const rest = off.has(everything) ? [] : extending.filter(({ name }) => !off.has(name) && !seen.has(name));
  return [...overriding, ...rest, ...enabled.filter(({ name }) => !names(extending).has(name))];
}

export interface ChosenPlugins {
  readonly filters: readonly string[];
  readonly scores: readonly { readonly name: string; readonly weight: number }[];
  readonly preempts: boolean;
}

export function chosenPlugins(sets: PluginSets, profile: string): ChosenPlugins {
  const everywhere = atAllPoints(sets.multiPoint);
  const unknown = everywhere.find(({ name }) => !knownPlugins.some((plugin) => plugin.name === name));
  // Upstream meets it first where plug-ins are prepared.
  if (unknown !== undefined)
    throw new ConfigurationError(`${aProfile(profile)}PreFilterPlugin ${JSON.stringify(unknown.name)} does not exist`);
  const at = (point: Point): readonly Enabled[] => atPoint(point, everywhere, sets[point], profile);
  const [filters, postFilters, scores] = [at('filter'), at('postFilter'), at('score')];
  const has = names(everywhere);
  if (!has.has('PrioritySort'))
    throw new ConfigurationError(
      `${aProfile(profile)}only one queue sort plugin required for profile with scheduler name ${JSON.stringify(profile)}, but got 0`,
    );
  if (!has.has('DefaultBinder'))
    throw new ConfigurationError(
      `${aProfile(profile)}at least one bind plugin is needed for profile with scheduler name ${JSON.stringify(profile)}`,
    );
  return {
    filters: filters.map(({ name }) => name),
    // A weight of 0 means 1.
    scores: scores.map(({ name, weight = 0 }) => ({ name, weight: weight === 0 ? 1 : weight })),
    preempts: postFilters.some(({ name }) => name === 'DefaultPreemption'),
  };
}
