/** What wakes the checks of policies. */
import type { ValidatingAdmissionPolicy } from '../../kube/generated/types.ts';
import { validatingAdmissionPolicies } from '../../kube/resource-type.ts';
import { watch, type Watch } from '../../workers/controller.ts';

export const policyStatusWatches: readonly Watch[] = [watch<ValidatingAdmissionPolicy>(validatingAdmissionPolicies, ({ key }) => [key])];
