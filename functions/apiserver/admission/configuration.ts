/**
 * Which plug-ins a cluster runs, and how: the flags and the AdmissionConfiguration file of upstream's API server.
 * Source: apiserver, pkg/server/options/admission.go and pkg/admission/config.go.
 */
import type { JsonObject } from '../../kube/object.ts';
import { parseYaml } from '../../kube/yaml-document.ts';

/** Plain data: it is kept with the cluster. */
export interface AdmissionSettings {
  /** In addition to the default ones. */
  readonly enable?: readonly string[];
  readonly disable?: readonly string[];
  readonly configurations?: readonly PluginConfiguration[];
}

export interface PluginConfiguration {
  readonly name: string;
  readonly configuration?: JsonObject;
}

export class ConfigurationError extends Error {
  override name = 'ConfigurationError';
}

/** The configuration could be read, but the plug-in cannot start with it. */
export class InitializationError extends ConfigurationError {
  override name = 'InitializationError';
}

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

const groupVersions = ['v1', 'v1alpha1'].map((version) => `apiserver.config.k8s.io/${version}`);
const configurationKind = 'AdmissionConfiguration';
const fieldsOfPlugin = ['name', 'path', 'configuration'];

/** `readFile` reads a file that the configuration names beside itself. */
export async function readAdmissionConfiguration(text: string, readFile: (path: string) => string): Promise<PluginConfiguration[]> {
  const { value } = await parsed(text);
  const { apiVersion, kind, plugins = [], ...others } = isObject(value) ? value : {};
  if (typeof kind !== 'string' || kind === '') throw new ConfigurationError(`Object 'Kind' is missing in '${text.trim()}'`);
  if (kind !== configurationKind || typeof apiVersion !== 'string' || !groupVersions.includes(apiVersion)) {
    throw notRegistered(kind, typeof apiVersion === 'string' ? apiVersion : '');
  }
  const list = Array.isArray(plugins) ? plugins.filter(isObject) : [];
  const unknown = [
    ...Object.keys(others).map((field) => JSON.stringify(field)),
    ...list.flatMap((plugin, index) =>
      Object.keys(plugin)
        .filter((field) => !fieldsOfPlugin.includes(field))
        .map((field) => JSON.stringify(`plugins[${index}].${field}`)),
    ),
  ];
  if (unknown.length > 0)
    throw new ConfigurationError(`strict decoding error: ${unknown.map((field) => `unknown field ${field}`).join(', ')}`);
  return Promise.all(list.map((plugin) => pluginConfiguration(plugin, readFile)));
}

async function pluginConfiguration(
  { name, path, configuration }: JsonObject,
  readFile: (path: string) => string,
): Promise<PluginConfiguration> {
  const named = { name: typeof name === 'string' ? name : '' };
  if (isObject(configuration)) return { ...named, configuration };
  if (typeof path !== 'string' || path === '') return named;
  const { value } = await parsed(readFile(path));
  return isObject(value) ? { ...named, configuration: value } : named;
}

async function parsed(text: string): ReturnType<typeof parseYaml> {
  try {
    return await parseYaml(text);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new ConfigurationError(error.message.replace(/^error decoding YAML: error converting YAML to JSON: /, ''), { cause: error });
  }
}

const notRegistered = (kind: string, apiVersion: string): ConfigurationError =>
  new ConfigurationError(
    `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`,
  );

export interface ExpectedConfiguration {
  readonly apiVersions: readonly string[];
  readonly kind: string;
}

/** The configuration of a plug-in, which must be of this kind where there is one. */
export function configured(configuration: JsonObject | undefined, expected: ExpectedConfiguration): JsonObject | undefined {
  if (configuration === undefined) return undefined;
  const { apiVersion, kind } = configuration;
  if (expected.apiVersions.some((one) => one === apiVersion) && kind === expected.kind) return configuration;
  throw notRegistered(typeof kind === 'string' ? kind : '', typeof apiVersion === 'string' ? apiVersion : '');
}
