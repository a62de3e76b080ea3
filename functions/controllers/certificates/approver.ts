/**
 * Approves certificates that kubelets ask for. Client certificates need a permission in RBAC. Serving certificates may name
 * only the node's own addresses. Source: pkg/controller/certificates/approver/sarapprove.go; the second is ours.
 */
import { userNameOf } from '../../kube/controller-role.ts';
import { copy } from '../../kube/copy.ts';
import type { CertificateSigningRequest } from '../../kube/generated/types.ts';
import type { KubeObject } from '../../kube/object.ts';
import { certificateSigningRequests, resourceType } from '../../kube/resource-type.ts';
import type { Controller, ReconcileContext } from '../../workers/controller.ts';
import { settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { kubeletClientRefusal, kubeletClientSigner, kubeletServingSigner } from './request-rules.ts';
import { isForOwnAddresses } from './serving-addresses.ts';
import { conditionIn, isIssued, parsedRequest } from './requests.ts';
import { approverWatches } from './watches.ts';
import { certificatesRole } from './role.ts';

interface AccessReview extends KubeObject {
  readonly spec: object;
  readonly status?: { readonly allowed?: boolean };
}

const accessReviews = resourceType<AccessReview>('authorization.k8s.io/v1', 'subjectaccessreviews', 'SubjectAccessReview', 'Cluster');

const selfMessage = 'Auto approving self kubelet client certificate after SubjectAccessReview.';
const message = 'Auto approving kubelet client certificate after SubjectAccessReview.';
const servingMessage = 'Auto approving kubelet serving certificate for the addresses of the node.';

export const certificateApprovingController: Controller = {
  name: 'certificate-approving',
  actsAs: userNameOf(certificatesRole),
  component: 'certificate-controller',
  watches: approverWatches,
  all: (cache) => namesOf(cache.list(certificateSigningRequests)),
  async reconcile(name, context) {
    const request = context.cache.get(certificateSigningRequests, name);
    if (request === undefined || isIssued(request) || conditionIn(request, 'Approved') || conditionIn(request, 'Denied')) return settled;
    const why = await approvalOf(request, context);
    if (why === undefined) return settled;
    const approved = { type: 'Approved', status: 'True', reason: 'AutoApproved', message: why };
    const conditions = [...(request.status?.conditions ?? []), approved];
    await context.client.update(certificateSigningRequests, { ...copy(request), status: { ...request.status, conditions } }, 'approval');
    return settled;
  },
};

/** Why the request may be approved. */
async function approvalOf(request: CertificateSigningRequest, context: ReconcileContext): Promise<string | undefined> {
  const { signerName, usages = [], username } = request.spec;
  const parsed = parsedRequest(request);
  if (signerName === kubeletServingSigner) return isForOwnAddresses(request, parsed, context) ? servingMessage : undefined;
  if (signerName !== kubeletClientSigner || kubeletClientRefusal(parsed, usages) !== undefined) return undefined;
  if (username === parsed.commonName && (await mayCreate(request, 'selfnodeclient', context))) return selfMessage;
  return (await mayCreate(request, 'nodeclient', context)) ? message : undefined;
}

/** Whether who asked may have such certificates: a permission to create the subresource stands for that. */
async function mayCreate({ spec }: CertificateSigningRequest, subresource: string, { client }: ReconcileContext): Promise<boolean> {
  const { username: user, uid, groups, extra } = spec;
  const resource = 'certificatesigningrequests';
  const resourceAttributes = { group: 'certificates.k8s.io', resource, verb: 'create', subresource, version: '*' };
  const review = await client.create(accessReviews, { metadata: {}, spec: { user, uid, groups, extra, resourceAttributes } });
  return review.status?.allowed === true;
}
