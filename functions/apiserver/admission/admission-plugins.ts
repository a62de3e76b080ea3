/** The plug-ins in upstream's order, and which of them a cluster runs. Source: pkg/kubeapiserver/options/plugins.go. */
import type { AdmissionPlugin } from '../ports.ts';
import { alwaysAdmit, alwaysDeny } from './always.ts';
import { alwaysPullImages } from './always-pull-images.ts';
import { antiAffinityTopology } from './anti-affinity-topology.ts';
import { claimResize } from './claim-resize.ts';
import { type AdmissionSettings, ConfigurationError, InitializationError } from './configuration.ts';
import { defaultStorageClass } from './default-storage-class.ts';
import { certificateApproval, certificateSigning } from './certificate-signers.ts';
import { certificateSubjectRestriction } from './certificate-subject-restriction.ts';
import { defaultIngressClass } from './default-ingress-class.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { denyServiceExternalIps } from './deny-external-ips.ts';
import { eventRateLimit } from './event-rate-limit.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceAutoProvision } from './namespace-auto-provision.ts';
import { namespaceExists } from './namespace-exists.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeRestriction } from './node-restriction/plugin.ts';
import { type AdmissionOptions, constant, ofPolicies, ofWebhooks, type PluginKind } from './plugin-kind.ts';
import { podSecurity } from './pod-security/pod-security.ts';
import { mutatingPolicies, mutatingPolicyName } from './policies/mutating-policies.ts';
import { validatingPolicies, validatingPolicyName } from './policies/validating-policies.ts';
import { podTopologyLabels } from './pod-topology-labels.ts';
import { priority } from './priority.ts';
import { resourceQuota } from './resource-quota.ts';
import { runtimeClass } from './runtime-class.ts';
import { serviceAccount } from './service-account.ts';
import { storageProtection } from './storage-protection.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';
import { mutatingName, mutatingWebhooks } from './webhooks/mutating-webhooks.ts';
import { validatingName, validatingWebhooks } from './webhooks/validating-webhooks.ts';

/** A name alone is a plug-in of upstream's that is not here yet. */
const inOrder: readonly (PluginKind | string)[] = [
  constant(alwaysAdmit, false),
  namespaceAutoProvision,
  namespaceLifecycle,
  constant(namespaceExists, false),
  constant(antiAffinityTopology, false),
  limitRanger,
  serviceAccount,
  // Every cluster of ours has nodes; upstream leaves the choice to the administrator.
  nodeRestriction,
  constant(taintNodesByCondition, true),
  constant(alwaysPullImages, false),
  'ImagePolicyWebhook',
  podSecurity,
  'PodNodeSelector',
  priority,
  constant(defaultTolerationSeconds, true),
  'PodTolerationRestriction',
  eventRateLimit,
  'ExtendedResourceToleration',
  defaultStorageClass,
  constant(storageProtection, true),
  'PodGroupProtection',
  'OwnerReferencesPermissionEnforcement',
  constant(claimResize, true),
  runtimeClass,
  certificateApproval,
  certificateSigning,
  'ClusterTrustBundleAttest',
  constant(certificateSubjectRestriction, true),
  defaultIngressClass,
  constant(denyServiceExternalIps, false),
  podTopologyLabels,
  'NodeDeclaredFeatureValidator',
  'PodResizeValidator',
  ofPolicies(mutatingPolicyName, mutatingPolicies),
  ofWebhooks(mutatingName, mutatingWebhooks),
  ofPolicies(validatingPolicyName, validatingPolicies),
  ofWebhooks(validatingName, validatingWebhooks),
  constant(resourceQuota, true),
  constant(alwaysDeny, false),
];

export const pluginKinds: readonly PluginKind[] = inOrder.filter((kind) => typeof kind !== 'string');
const names: ReadonlySet<string> = new Set(inOrder.map((kind) => (typeof kind === 'string' ? kind : kind.name)));

/** Throws the error with which upstream's API server refuses to start. */
export function chosenKinds({ enable = [], disable = [] }: AdmissionSettings): readonly PluginKind[] {
  const unknown = (flag: string, given: readonly string[]): string[] =>
    given.filter((name) => !names.has(name)).map((name) => `${flag} plugin ${JSON.stringify(name)} is unknown`);
  const absent = enable.filter((name) => names.has(name) && !pluginKinds.some((kind) => kind.name === name));
  const both = enable.filter((name) => disable.includes(name));
  const problems = [
    ...unknown('enable-admission-plugins', enable),
    ...absent.map((name) => `enable-admission-plugins plugin ${JSON.stringify(name)} is not available yet`),
    ...unknown('disable-admission-plugins', disable),
    ...(both.length === 0 ? [] : [`[${both.join(' ')}] in enable-admission-plugins and disable-admission-plugins overlapped`]),
  ];
  if (problems.length > 0) throw new ConfigurationError(problems.length === 1 ? (problems[0] ?? '') : `[${problems.join(', ')}]`);
  return pluginKinds.filter(({ name, isDefault }) => !disable.includes(name) && (isDefault || enable.includes(name)));
}

export function admissionPlugins(options: AdmissionOptions, settings: AdmissionSettings = {}): readonly AdmissionPlugin[] {
  const kinds = chosenKinds(settings);
  const names = new Set(kinds.map(({ name }) => name));
  return kinds.map((kind) => {
    const configuration = settings.configurations?.find(({ name }) => name === kind.name)?.configuration;
    try {
      return kind.create({ ...options, names }, configuration);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      const failed = error instanceof InitializationError ? 'failed to initialize' : "couldn't init";
      const text = `failed to apply admission: ${failed} admission plugin ${JSON.stringify(kind.name)}: ${error.message}`;
      throw new ConfigurationError(text, { cause: error });
    }
  });
}
