/** The rules of the kind that only writes need; reads never load them. */
import { type FieldError, invalid, notSupported, required } from '../../../kube/field-error.ts';
import { setMatchDefaults } from '../defaults.ts';
import { validateConstraints, validateFailurePolicy, validateParamKind } from '../policy-validation.ts';
import { validateMatchConditions } from '../rule-validation.ts';
import { variablesErrors } from '../validatingadmissionpolicy/validation.ts';
import { PolicyExpressions } from '../policy-expression-errors.ts';
import type { MatchResources, MutatingAdmissionPolicy, Mutation } from '../../../kube/generated/types.ts';

export function setDefaults({ spec }: MutatingAdmissionPolicy): void {
  if (spec === undefined) return;
  spec.failurePolicy ??= 'Fail';
  setMatchDefaults(spec.matchConstraints);
}

const mutatingOperations = ['*', 'CONNECT', 'CREATE', 'UPDATE'];
const patchKinds = ['ApplyConfiguration', 'JSONPatch'];
const reinvocations = ['IfNeeded', 'Never'];

/** Errors of operations that cannot be mutated: a deletion. */
export const mutatedOperationErrors = (match: MatchResources | undefined, path: string): FieldError[] =>
  (match?.resourceRules ?? [])
    .flatMap(({ operations = [] }) => operations)
    .filter((operation) => !mutatingOperations.includes(operation))
    .map((operation) => notSupported(`${path}.resourceRules.operations`, operation, mutatingOperations));

export function validate({ spec }: MutatingAdmissionPolicy): FieldError[] {
  const { paramKind, matchConstraints, matchConditions = [], variables = [], mutations = [], reinvocationPolicy = '' } = spec;
  const expressions = new PolicyExpressions(paramKind !== undefined, true);
  return [
    ...validateFailurePolicy(spec.failurePolicy),
    ...(paramKind === undefined ? [] : validateParamKind(paramKind)),
    ...validateConstraints(matchConstraints),
    ...mutatedOperationErrors(matchConstraints, 'spec.matchConstraints'),
    ...validateMatchConditions(matchConditions, 'spec.matchConditions', paramKind !== undefined),
    ...variablesErrors(variables, expressions),
    ...(mutations.length === 0 ? [required('spec.mutations', 'mutations must contain at least one item')] : []),
    ...mutations.flatMap((mutation, index) => mutationErrors(mutation, `spec.mutations[${index}]`, expressions)),
    ...reinvocationErrors(reinvocationPolicy),
  ];
}

function reinvocationErrors(policy: string): FieldError[] {
  if (policy === '') return [required('spec.reinvocationPolicy')];
  return reinvocations.includes(policy) ? [] : [notSupported('spec.reinvocationPolicy', policy, reinvocations)];
}

function mutationErrors(mutation: Mutation, path: string, expressions: PolicyExpressions): FieldError[] {
  const { patchType = '', jsonPatch, applyConfiguration } = mutation;
  switch (patchType) {
    case '':
      return [required(`${path}.patchType`)];
    case 'JSONPatch':
      return [
        ...(jsonPatch === undefined
          ? [required(`${path}.jsonPatch`, 'must be specified when patchType is JSONPatch')]
          : expressions.mutation({ patchType, jsonPatch }, path)),
        ...(applyConfiguration === undefined
          ? []
          : [invalid(`${path}.applyConfiguration`, '{applyConfiguration}', 'must not be specified when patchType is JSONPatch')]),
      ];
    case 'ApplyConfiguration':
      return [
        ...(applyConfiguration === undefined
          ? [required(`${path}.applyConfiguration`, 'must be specified when patchType is ApplyConfiguration')]
          : expressions.mutation({ patchType, applyConfiguration }, path)),
        ...(jsonPatch === undefined
          ? []
          : [invalid(`${path}.jsonPatch`, '{jsonPatch}', 'must not be specified when patchType is ApplyConfiguration')]),
      ];
    default:
      return [notSupported(`${path}.patchType`, patchType, patchKinds)];
  }
}
