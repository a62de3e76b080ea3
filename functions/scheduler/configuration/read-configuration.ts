/**
 * Reads a KubeSchedulerConfiguration. What this scheduler does not do is refused, never ignored.
 * Source: pkg/scheduler/apis/config/validation/validation.go.
 */
import { ConfigurationError } from '../../kube/configuration/configuration-error.ts';
import { decodeDocument, type DocumentKind, refuseProblems, unknownProblems } from '../../kube/configuration/document.ts';
import { anything, checkTypes, flag, integer, listOf, struct, text } from '../../kube/configuration/shape.ts';
import { aggregate, duplicate, type FieldError, forbiddenField, invalid, required } from '../../kube/field-error.ts';
import type { Json, JsonObject } from '../../kube/object.ts';
import { defaultArguments, type PluginArguments, type ProfileSettings, type SchedulerConfiguration } from './configuration.ts';
import { argumentErrors, argumentShapes, hasArguments, withDefaults } from './plugin-arguments.ts';
import { chosenPlugins, chosenPoints, type PluginSet, type PluginSets } from './plugin-sets.ts';

export { ConfigurationError } from '../../kube/configuration/configuration-error.ts';

const otherPoints = ['preEnqueue', 'queueSort', 'preFilter', 'preScore', 'reserve', 'permit', 'preBind', 'bind', 'postBind'] as const;
const pluginSet = struct('v1.PluginSet', {
  enabled: listOf(struct('v1.Plugin', { name: text, weight: integer(32) })),
  disabled: listOf(struct('v1.Plugin', { name: text, weight: integer(32) })),
});
const plugins = struct('v1.Plugins', Object.fromEntries([...chosenPoints, ...otherPoints].map((point) => [point, pluginSet])));

const shape = struct('v1.KubeSchedulerConfiguration', {
  apiVersion: text,
  kind: text,
  parallelism: integer(32),
  leaderElection: anything,
  clientConnection: anything,
  enableProfiling: flag,
  enableContentionProfiling: flag,
  percentageOfNodesToScore: integer(32),
  podInitialBackoffSeconds: integer(64),
  podMaxBackoffSeconds: integer(64),
  profiles: listOf(
    struct('v1.KubeSchedulerProfile', {
      schedulerName: text,
      percentageOfNodesToScore: integer(32),
      plugins,
      pluginConfig: listOf(struct('v1.PluginConfig', { name: text, args: anything })),
    }),
  ),
  extenders: listOf(anything),
  delayCacheUntilActive: flag,
});

interface WrittenProfile {
  readonly schedulerName?: string;
  readonly percentageOfNodesToScore?: number;
  readonly plugins?: Readonly<Partial<Record<string, Partial<PluginSet>>>>;
  readonly pluginConfig?: readonly { readonly name?: string; readonly args?: JsonObject }[];
}

interface Written {
  readonly parallelism?: number;
  readonly leaderElection?: JsonObject;
  readonly clientConnection?: JsonObject;
  readonly percentageOfNodesToScore?: number;
  readonly podInitialBackoffSeconds?: number;
  readonly podMaxBackoffSeconds?: number;
  readonly enableProfiling?: boolean;
  readonly enableContentionProfiling?: boolean;
  readonly delayCacheUntilActive?: boolean;
  readonly profiles?: readonly WrittenProfile[];
  readonly extenders?: readonly Json[];
}

const configurationKind = 'KubeSchedulerConfiguration';
const groupVersion = 'kubescheduler.config.k8s.io/v1';
const documentKind: DocumentKind = { kind: configurationKind, groupVersions: [groupVersion], shape };

async function decoded(source: string): Promise<Written> {
  const { document, problems } = await decodeDocument(source, documentKind);
  const written = document as Written;
  const ofArguments = (written.profiles ?? []).flatMap(({ pluginConfig = [] }, profile) =>
    pluginConfig.flatMap(({ name = '', args = {} }, index) => {
      if (!hasArguments(name)) return [];
      const where = `decoding .profiles[${profile}].pluginConfig[${index}]: `;
      const plugin = `decoding args for plugin ${name}: `;
      checkTypes(args, argumentShapes[name], `${where}${plugin}`);
      const fields = unknownProblems(args, argumentShapes[name]);
      return fields.length === 0 ? [] : [`${where}strict decoding error: ${plugin}strict decoding error: ${fields.join(', ')}`];
    }),
  );
  refuseProblems([...problems, ...ofArguments]);
  return written;
}

const percentErrors = (value: number | undefined, path: string): readonly FieldError[] =>
  value !== undefined && (value < 0 || value > 100) ? [invalid(path, value, 'not in valid range [0-100]')] : [];

const removedPlugins = ['AzureDiskLimits', 'CinderLimits', 'EBSLimits', 'GCEPDLimits'];
const wasRemoved = `was invalid in version "v1" (${configurationKind} is version ${JSON.stringify(groupVersion)})`;

function profileErrors(profile: WrittenProfile, path: string): readonly FieldError[] {
  const { schedulerName = '', percentageOfNodesToScore, plugins: sets = {}, pluginConfig = [] } = profile;
  return [
    ...(schedulerName === '' ? [required(`${path}.schedulerName`)] : []),
    ...percentErrors(percentageOfNodesToScore, `${path}.percentageOfNodesToScore`),
    ...Object.entries(sets).flatMap(([point, set]) =>
      (set?.enabled ?? []).flatMap(({ name }, index) =>
        removedPlugins.includes(name) ? [invalid(`${path}.plugins.${point}.enabled[${index}]`, name, wasRemoved)] : [],
      ),
    ),
    ...otherPoints
      .filter((point) => (sets[point]?.enabled ?? []).length + (sets[point]?.disabled ?? []).length > 0)
      .map((point) => forbiddenField(`${path}.plugins.${point}`, 'this scheduler has no plug-ins to choose there')),
    ...pluginConfig.flatMap(({ name = '', args = {} }, index) => {
      const at = `${path}.pluginConfig[${index}]`;
      if (pluginConfig.findIndex((other) => other.name === name) < index) return [duplicate(at, name)];
      if (removedPlugins.includes(name)) return [invalid(at, name, wasRemoved)];
      if (hasArguments(name)) return argumentErrors(name, withDefaults(name, args) as never, `${at}.args`);
      const isEmpty = Object.keys(args).every((field) => field === 'apiVersion' || field === 'kind');
      return isEmpty ? [] : [forbiddenField(`${at}.args`, `this scheduler's ${name} has no arguments`)];
    }),
  ];
}

/** Values that the scheduler works by. Another one would be without effect. */
const fixed = {
  parallelism: 16,
  podInitialBackoffSeconds: 1,
  podMaxBackoffSeconds: 10,
  enableProfiling: false,
  enableContentionProfiling: false,
  delayCacheUntilActive: false,
} as const;

function unsupported(written: Written): readonly FieldError[] {
  const { leaderElection = {}, clientConnection, extenders = [] } = written;
  const elects = Object.entries(leaderElection).some(([field, value]) => field !== 'leaderElect' || value !== false);
  return [
    ...Object.entries(fixed)
      .filter(([field, value]) => (written[field as keyof typeof fixed] ?? value) !== value)
      .map(([field, value]) => forbiddenField(field, `this scheduler works with ${value}`)),
    ...(elects ? [forbiddenField('leaderElection', 'this scheduler needs no election')] : []),
    ...(clientConnection === undefined ? [] : [forbiddenField('clientConnection', 'this scheduler is part of its control plane')]),
    ...(extenders.length === 0 ? [] : [forbiddenField('extenders', 'this scheduler calls none')]),
  ];
}

function errorsOf(written: Written, profiles: readonly WrittenProfile[]): readonly FieldError[] {
  const { parallelism = 16, podInitialBackoffSeconds: initial = 1, podMaxBackoffSeconds: max = 10 } = written;
  return [
    ...(parallelism <= 0 ? [invalid('parallelism', parallelism, 'should be an integer value greater than zero')] : []),
    ...profiles.flatMap((profile, index) => [
      ...profileErrors(profile, `profiles[${index}]`),
      ...(profiles.findIndex(({ schedulerName = '' }) => schedulerName === (profile.schedulerName ?? '')) < index
        ? [duplicate(`profiles[${index}].schedulerName`, {})]
        : []),
    ]),
    ...percentErrors(written.percentageOfNodesToScore, 'percentageOfNodesToScore'),
    ...(initial <= 0 ? [invalid('podInitialBackoffSeconds', initial, 'must be greater than 0')] : []),
    ...(max < initial ? [invalid('podMaxBackoffSeconds', max, 'must be greater than or equal to PodInitialBackoffSeconds')] : []),
  ];
}

const setOf = ({ enabled = [], disabled = [] }: Partial<PluginSet> = {}): PluginSet => ({ enabled, disabled });

function settingsOf(profile: WrittenProfile, percentage: number): ProfileSettings {
  const { schedulerName = '', percentageOfNodesToScore = percentage, plugins: sets = {}, pluginConfig = [] } = profile;
  const { multiPoint, filter, postFilter, score } = sets;
  const chosen: PluginSets = { multiPoint: setOf(multiPoint), filter: setOf(filter), postFilter: setOf(postFilter), score: setOf(score) };
  const own = pluginConfig.flatMap(({ name = '', args = {} }) => (hasArguments(name) ? [[name, withDefaults(name, args)] as const] : []));
  const args: PluginArguments = { ...defaultArguments, ...Object.fromEntries(own) };
  return { schedulerName, percentageOfNodesToScore, args, ...chosenPlugins(chosen, schedulerName) };
}

export async function readSchedulerConfiguration(document: string): Promise<SchedulerConfiguration> {
  const written = await decoded(document);
  const named = written.profiles ?? [];
  const only = named.length === 0 ? [{}] : named;
  const profiles = only.length === 1 ? only.map((profile) => ({ schedulerName: 'default-scheduler', ...profile })) : only;
  const errors = errorsOf(written, profiles);
  const found = errors.length > 0 ? errors : unsupported(written);
  if (found.length > 0) {
    throw new ConfigurationError(aggregate(found.map(({ field, message }) => `${field}: ${message}`)));
  }
  return { profiles: profiles.map((profile) => settingsOf(profile, written.percentageOfNodesToScore ?? 0)) };
}
