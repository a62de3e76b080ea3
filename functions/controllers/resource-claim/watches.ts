/** What wakes the controllers of claims of devices. */
import { claimNameOfPod } from '../../kube/device-claims.ts';
import type { Pod, ResourceClaimTemplate, ResourceResourceClaim as ResourceClaim } from '../../kube/generated/types.ts';
import { isTerminating, keyText, nameOf, namespaceOf } from '../../kube/object.ts';
import { controllerOf } from '../../kube/owners.ts';
import { pods, resourceClaims, resourceClaimTemplates } from '../../kube/resource-type.ts';
import { watch, type Index, type Watch } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';

export const usesClaims = ({ spec }: Pod): boolean => (spec?.resourceClaims ?? []).length > 0;

/** Pods by the claims that they use, as `namespace/name`. */
const podsByDeviceClaim: Index<Pod> = {
  type: pods,
  values: (pod) =>
    (pod.spec?.resourceClaims ?? []).flatMap((claim) => {
      const name = claimNameOfPod(pod, claim);
      return name === undefined ? [] : [keyText({ namespace: namespaceOf(pod), name })];
    }),
};

/** Pods by the templates of their claims, as `namespace/name`. */
const podsByTemplate: Index<Pod> = {
  type: pods,
  values: (pod) =>
    (pod.spec?.resourceClaims ?? []).flatMap(({ resourceClaimTemplateName: name }) =>
      name === undefined ? [] : [keyText({ namespace: namespaceOf(pod), name })],
    ),
};

const keyOf = (object: ResourceClaim | ResourceClaimTemplate): string => keyText({ namespace: namespaceOf(object), name: nameOf(object) });

export const podClaimWatches: readonly Watch[] = [
  watch<Pod>(pods, ({ type, object }) => (type !== 'deleted' && usesClaims(object) && !isTerminating(object) ? namesOf([object]) : [])),
  watch<ResourceClaim>(resourceClaims, ({ object }, cache) => namesOf(cache.by(podsByDeviceClaim, keyOf(object)))),
  watch<ResourceClaimTemplate>(resourceClaimTemplates, ({ type, object }, cache) =>
    type === 'deleted' ? [] : namesOf(cache.by(podsByTemplate, keyOf(object))),
  ),
];

export const claimUseWatches: readonly Watch[] = [
  watch<ResourceClaim>(resourceClaims, ({ type, object }) => (type === 'deleted' ? [] : namesOf([object]))),
  watch<Pod>(pods, ({ object }) =>
    (object.spec?.resourceClaims ?? []).flatMap((claim) => {
      const name = claimNameOfPod(object, claim);
      return name === undefined ? [] : [{ namespace: namespaceOf(object), name }];
    }),
  ),
];

export const ownerNameOf = (claim: ResourceClaim): string | undefined => {
  const owner = controllerOf(claim);
  return owner?.kind === pods.kind ? owner.name : undefined;
};
