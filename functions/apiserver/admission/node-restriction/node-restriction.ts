/**
 * What a node may not do though the authorizer lets it try, since only the object shows it: touch what is not its own, or
 * get tokens of pods that run elsewhere. It also cannot label itself so that it attracts pods.
 * Source: plugin/pkg/admission/noderestriction/admission.go.
 */
import { ownField } from '../../../kube/own-field.ts';
import {
  certificateSigningRequests,
  csiNodes,
  groupResource,
  leases,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  podCertificateRequests,
  pods,
  resourceSlices,
  serviceAccounts,
} from '../../../kube/resource-type.ts';
import type { ResourceType } from '../../../kube/resource-type.ts';
import { nodeOf } from '../../auth/groups.ts';
import type { AdmissionPlugin } from '../../ports.ts';
import type { AdmissionOptions } from '../plugin-kind.ts';
import { refuse } from '../refuse.ts';
import { checkCertificateRequest, checkPodCertificateRequest } from './certificates.ts';
import type { Check } from './check.ts';
import { checkNode } from './nodes.ts';
import { checkCsiNode, checkLease, checkResourceSlice } from './own-objects.ts';
import { checkClaimStatus, checkPod, checkPodEviction, checkPodStatus } from './pods.ts';
import { checkToken, shortenToken } from './tokens.ts';
import { checkVolume } from './volumes.ts';

/** The checks of a resource, by subresource. */
type Checks = Readonly<Record<string, Check>>;

const checks: ReadonlyMap<string, { readonly of: Checks; readonly otherwise?: Check }> = new Map<
  string,
  { readonly of: Checks; readonly otherwise?: Check }
>([
  [
    groupResource(pods),
    {
      of: { '': checkPod, status: checkPodStatus, eviction: checkPodEviction },
      otherwise: async ({ subresource }) =>
        `unexpected pod subresource ${JSON.stringify(subresource)}, only 'status' and 'eviction' are allowed`,
    },
  ],
  [groupResource(nodes), { of: {}, otherwise: checkNode }],
  [groupResource(persistentVolumeClaims), { of: { status: checkClaimStatus }, otherwise: async () => 'may only update PVC status' }],
  [groupResource(persistentVolumes), { of: { '': checkVolume } }],
  [groupResource(serviceAccounts), { of: { token: checkToken } }],
  [groupResource(podCertificateRequests), { of: {}, otherwise: checkPodCertificateRequest }],
  [groupResource(leases), { of: {}, otherwise: checkLease }],
  [groupResource(csiNodes), { of: {}, otherwise: checkCsiNode }],
  [groupResource(resourceSlices), { of: {}, otherwise: checkResourceSlice }],
  [groupResource(certificateSigningRequests), { of: {}, otherwise: checkCertificateRequest }],
]);

function checkFor(type: ResourceType, subresource: string): Check | undefined {
  const found = checks.get(groupResource(type));
  return found === undefined ? undefined : (ownField(found.of, subresource) ?? found.otherwise);
}

export function nodeRestrictionOf(options: AdmissionOptions): AdmissionPlugin {
  const { store, authorizer } = options;
  return {
    name: 'NodeRestriction',
    handles: ({ type, subresource }) => checkFor(type, subresource) !== undefined,
    async admit(attributes) {
      const nodeName = nodeOf(attributes.user) ?? '';
      if (nodeName === '') throw refuse(attributes, `could not determine node from user ${JSON.stringify(attributes.user.name)}`);
      // Pods that a node asks about were bound a moment ago, perhaps by another process.
      const context = { nodeName, authorizer, view: () => store.view(), fresh: () => store.fresh() };
      const why = (await checkFor(attributes.type, attributes.subresource)?.(attributes, context)) ?? '';
      if (why !== '') throw refuse(attributes, why);
      if (groupResource(attributes.type) === groupResource(serviceAccounts)) await shortenToken(attributes, context);
    },
  };
}
