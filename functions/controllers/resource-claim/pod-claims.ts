/**
 * Makes pods' ResourceClaims from their templates, and reserves allocated claims for pods that bypassed the scheduler.
 * Source: pkg/controller/resourceclaim/controller.go, syncPod.
 */
import { canBeReserved, claimNameOfPod, isMadeForPod, isPodDone, isReservedFor, needsNoClaim } from '../../kube/device-claims.ts';
import { copy } from '../../kube/copy.ts';
import type { Pod, PodResourceClaim, ResourceResourceClaim as ResourceClaim } from '../../kube/generated/types.ts';
import { annotationsOf, isTerminating, keyText, nameOf, namespaceOf, uidOf } from '../../kube/object.ts';
import { userNameOf } from '../../kube/controller-role.ts';
import { pods, resourceClaims, resourceClaimTemplates } from '../../kube/resource-type.ts';
import { settled, type Controller, type ReconcileContext } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { resourceClaimRole } from './role.ts';
import { podClaimWatches, usesClaims } from './watches.ts';

const claimOfPodAnnotation = 'resource.kubernetes.io/pod-claim-name';

/** Room for a hyphen and the drawn letters. */
const baseLengthMax = 57;

export const podClaimsController: Controller = {
  name: 'resource-claim',
  actsAs: userNameOf(resourceClaimRole),
  component: 'resource_claim',
  watches: podClaimWatches,
  all: (cache) => namesOf(cache.list(pods).filter(usesClaims)),
  async reconcile(request, context) {
    const pod = context.cache.get(pods, request);
    if (pod === undefined || isTerminating(pod) || isPodDone(pod) || !usesClaims(pod)) return settled;
    const made: Record<string, string> = {};
    for (const claim of pod.spec.resourceClaims ?? []) {
      try {
        const name = await claimFor(pod, claim, context);
        if (name !== undefined) made[claim.name] = name;
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        const text = `PodResourceClaim ${claim.name}: ${error.message}`;
        context.events.event(pod, 'Warning', 'FailedResourceClaimCreation', text);
        throw new Error(`pod ${keyText(request)}, ${text}`, { cause: error });
      }
    }
    if (Object.keys(made).length > 0) await writeNames(pod, made, context);
    if ((pod.spec.nodeName ?? '') !== '') await reserveAll(pod, context);
    return settled;
  },
};

/** The name of a claim that the pod's status does not have yet. */
async function claimFor(pod: Pod, claim: PodResourceClaim, { cache, client }: ReconcileContext): Promise<string | undefined> {
  const template = claim.resourceClaimTemplateName;
  if (template === undefined || needsNoClaim(pod, claim)) return undefined;
  const namespace = namespaceOf(pod);
  const name = claimNameOfPod(pod, claim);
  const known = name === undefined ? undefined : cache.get(resourceClaims, { namespace, name });
  if (known !== undefined && isMadeForPod(pod, known)) return undefined;
  const made = cache.controlledBy(resourceClaims, uidOf(pod)).find((one) => annotationsOf(one)[claimOfPodAnnotation] === claim.name);
  if (made !== undefined) return nameOf(made);
  const found = cache.get(resourceClaimTemplates, { namespace, name: template });
  if (found === undefined)
    throw new Error(
      `resource claim template ${JSON.stringify(template)}: resourceclaimtemplate.resource.k8s.io ${JSON.stringify(template)} not found`,
    );
  const { annotations, labels } = found.spec.metadata ?? {};
  const created = await client.create(resourceClaims, {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata: {
      namespace,
      generateName: baseName(nameOf(pod), claim.name),
      ownerReferences: [{ apiVersion: 'v1', kind: pods.kind, name: nameOf(pod), uid: uidOf(pod), controller: true }],
      annotations: { ...annotations, [claimOfPodAnnotation]: claim.name },
      ...(labels !== undefined && { labels }),
    },
    spec: copy(found.spec.spec),
  });
  return nameOf(created);
}

function baseName(pod: string, claim: string): string {
  const whole = `${pod}-${claim}-`;
  if (whole.length <= baseLengthMax) return whole;
  const shorten = (text: string): string => text.slice(0, Math.trunc((text.length * baseLengthMax) / whole.length));
  return `${shorten(pod)}-${shorten(claim)}`;
}

async function writeNames(pod: Pod, made: Readonly<Record<string, string>>, { client }: ReconcileContext): Promise<void> {
  const resourceClaimStatuses = Object.entries(made).map(([name, resourceClaimName]) => ({ name, resourceClaimName }));
  const patch = { metadata: { uid: uidOf(pod) }, status: { resourceClaimStatuses } };
  const at = { namespace: namespaceOf(pod), name: nameOf(pod) };
  await client.patch(pods, at, patch, { patchType: 'application/strategic-merge-patch+json', subresource: 'status' });
}

async function reserveAll(pod: Pod, { cache, client }: ReconcileContext): Promise<void> {
  for (const podClaim of pod.spec.resourceClaims ?? []) {
    const name = claimNameOfPod(pod, podClaim);
    const claim = name === undefined ? undefined : cache.get(resourceClaims, { namespace: namespaceOf(pod), name });
    if (claim?.status?.allocation === undefined || isReservedFor(pod, claim) || !canBeReserved(claim)) continue;
    await client.update(resourceClaims, reservedFor(pod, claim), 'status');
  }
}

function reservedFor(pod: Pod, claim: ResourceClaim): ResourceClaim {
  const entry = { resource: pods.resource, name: nameOf(pod), uid: uidOf(pod) };
  return { ...copy(claim), status: { ...claim.status, reservedFor: [...(claim.status?.reservedFor ?? []), entry] } };
}
