/**
 * Which plug-ins a cluster runs, and how: the flags and the AdmissionConfiguration file of upstream's API server.
 * Source: apiserver, pkg/server/options/admission.go and pkg/admission/config.go.
 */
import { ConfigurationError } from '../../kube/configuration/configuration-error.ts';
import { type DocumentKind, notRegistered, parsedDocument, readDocument } from '../../kube/configuration/document.ts';
import { anything, listOf, struct, text } from '../../kube/configuration/shape.ts';
import { type JsonObject, isJsonObject } from '../../kube/object.ts';

export { ConfigurationError } from '../../kube/configuration/configuration-error.ts';

/** Plain data: it is kept with the cluster. */
export interface AdmissionSettings {
  /** Plug-ins that run in addition to the default ones. */
  readonly enable?: readonly string[];
  readonly disable?: readonly string[];
  readonly configurations?: readonly PluginConfiguration[];
}

export interface PluginConfiguration {
  readonly name: string;
  readonly configuration?: JsonObject;
}

/** The configuration could be read, but the plug-in cannot start with it. */
export class InitializationError extends ConfigurationError {
  override name = 'InitializationError';
}

const documentKind: DocumentKind = {
  kind: 'AdmissionConfiguration',
  groupVersions: ['v1', 'v1alpha1'].map((version) => `apiserver.config.k8s.io/${version}`),
  shape: struct('v1.AdmissionConfiguration', {
    apiVersion: text,
    kind: text,
    plugins: listOf(struct('v1.AdmissionPluginConfiguration', { name: text, path: text, configuration: anything })),
  }),
};

/** `readFile` reads a file that the configuration names beside itself. */
export async function readAdmissionConfiguration(source: string, readFile: (path: string) => string): Promise<PluginConfiguration[]> {
  const { plugins } = await readDocument(source, documentKind);
  const list = Array.isArray(plugins) ? plugins.filter(isJsonObject) : [];
  return Promise.all(list.map((plugin) => pluginConfiguration(plugin, readFile)));
}

async function pluginConfiguration(
  { name, path, configuration }: JsonObject,
  readFile: (path: string) => string,
): Promise<PluginConfiguration> {
  const named = { name: typeof name === 'string' ? name : '' };
  if (isJsonObject(configuration)) return { ...named, configuration };
  if (typeof path !== 'string' || path === '') return named;
  const value = await parsedDocument(readFile(path));
  return isJsonObject(value) ? { ...named, configuration: value } : named;
}

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
