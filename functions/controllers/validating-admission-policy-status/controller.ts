/**
 * Reports in the status of a policy which of its expressions do not fit the kinds that it names.
 * Source: pkg/controller/validatingadmissionpolicystatus/controller.go.
 */
import { userNameOf } from '../../kube/controller-role.ts';
import { copy } from '../../kube/copy.ts';
import type { ExpressionWarning, ValidatingAdmissionPolicy } from '../../kube/generated/types.ts';
import { validatingAdmissionPolicies } from '../../kube/resource-type.ts';
import type { Controller } from '../../workers/controller.ts';
import { settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { policyStatusWatches } from './watches.ts';
import { validatingAdmissionPolicyStatusRole } from './role.ts';

/** What does not fit in a policy, by the kinds that the API serves now. */
export type TypeWarnings = (policy: ValidatingAdmissionPolicy) => Promise<readonly ExpressionWarning[]>;

export const createPolicyStatusController = (typeWarnings: TypeWarnings): Controller => ({
  name: 'validating-admission-policy-status',
  actsAs: userNameOf(validatingAdmissionPolicyStatusRole),
  watches: policyStatusWatches,
  all: (cache) => namesOf(cache.list(validatingAdmissionPolicies)),
  async reconcile(request, { cache, client }) {
    const policy = cache.get(validatingAdmissionPolicies, request);
    if (policy === undefined) return settled;
    const { generation = 0 } = policy.metadata;
    if (generation <= (policy.status?.observedGeneration ?? 0)) return settled;
    const expressionWarnings = await typeWarnings(policy);
    const next = copy(policy);
    const typeChecking = expressionWarnings.length === 0 ? {} : { expressionWarnings: [...expressionWarnings] };
    next.status = { ...next.status, observedGeneration: generation, typeChecking };
    await client.update(validatingAdmissionPolicies, next, 'status');
    return settled;
  },
});
