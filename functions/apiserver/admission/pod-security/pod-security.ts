/**
 * Holds pods to the standards that their namespace asks for. Decided at the commit point, where the namespace's labels
 * cannot change any more. The checks are read with the first pod or namespace that is written.
 * Source: plugin/pkg/admission/security/podsecurity/admission.go.
 */
import {
  cronJobs,
  daemonSets,
  deployments,
  groupResource,
  jobs,
  namespaces,
  pods,
  podTemplates,
  replicaSets,
  replicationControllers,
  statefulSets,
} from '../../../kube/resource-type.ts';
import type { AdmissionPlugin } from '../../ports.ts';
import type { PluginKind } from '../plugin-kind.ts';
import type { judged } from './judge.ts';
import { podSecurityConfiguration, type PodSecurityConfiguration } from './configuration.ts';

type Judge = typeof judged;

const podResource = groupResource(pods);

/** Whose pods are warned about ahead. */
const concerned: ReadonlySet<string> = new Set(
  [namespaces, replicationControllers, replicaSets, deployments, statefulSets, daemonSets, jobs, podTemplates, cronJobs].map(groupResource),
);

/** Those through which nothing of a pod's spec changes. */
const ignoredSubresources: ReadonlySet<string> = new Set([
  'exec',
  'attach',
  'binding',
  'eviction',
  'log',
  'portforward',
  'proxy',
  'status',
]);

export const podSecurity: PluginKind = {
  name: 'PodSecurity',
  isDefault: true,
  create: (_options, configuration) => podSecurityOf(podSecurityConfiguration(configuration)),
};

function podSecurityOf(configuration: PodSecurityConfiguration): AdmissionPlugin {
  let judge: { readonly judged: Judge } | undefined;
  return {
    name: 'PodSecurity',
    handles({ operation, type, subresource }) {
      if (operation !== 'CREATE' && operation !== 'UPDATE') return false;
      const resource = groupResource(type);
      if (resource === podResource) return !ignoredSubresources.has(subresource);
      return subresource === '' && concerned.has(resource);
    },
    async load() {
      judge ??= await import('./judge.ts');
    },
    commit: {
      lists: [podResource],
      apply(change, view, context) {
        if (judge === undefined) throw new Error('the pod security standards have not been read');
        return judge.judged(change, { view, context, configuration });
      },
    },
  };
}
