/** POSTs a SubjectAccessReview to the server of a kubeconfig. */
import type { SubjectAccessReviewSpec } from '../../../kube/generated/types.ts';
import { isJsonObject } from '../../../kube/object.ts';
import { createPostReview } from '../review/post-review.ts';
import type { WebhookSettings } from './settings.ts';
import type { AskReview } from './webhook-authorizer.ts';

export function createAskReview(): AskReview {
  const post = createPostReview();
  return async (spec, settings) => {
    const answer = await post(reviewOf(spec, settings), settings);
    const { allowed, denied, reason } = isJsonObject(answer) && isJsonObject(answer['status']) ? answer['status'] : {};
    return { allowed: allowed === true, denied: denied === true, ...(typeof reason === 'string' ? { reason } : {}) };
  };
}

/** v1beta1 has `group` where v1 has `groups`. */
function reviewOf({ groups, ...spec }: SubjectAccessReviewSpec, { reviewVersion }: WebhookSettings): object {
  const named = groups === undefined ? {} : { [reviewVersion === 'v1' ? 'groups' : 'group']: groups };
  return {
    kind: 'SubjectAccessReview',
    apiVersion: `authorization.k8s.io/${reviewVersion}`,
    metadata: {},
    spec: { ...spec, ...named },
    status: { allowed: false },
  };
}
