/** Lets ValidatingAdmissionPolicies refuse what is about to be stored. Source: apiserver, pkg/admission/plugin/policy/validating/dispatcher.go. */
import type { ValidatingAdmissionPolicy } from '../../../kube/generated/types.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { groupResource, validatingAdmissionPolicies, validatingAdmissionPolicyBindings } from '../../../kube/resource-type.ts';
import { StatusError, type StatusReason } from '../../../kube/status-error.ts';
import type { StoreView } from '../../../kube/view.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../../ports.ts';
import type { ResourceIndex } from '../../registry/resource-index.ts';
import { type Match, resourceMatch } from '../match/resource-match.ts';
import { refuse } from '../refuse.ts';
import { namespaceOf } from './request-namespace.ts';
import { shownIn } from './shown-object.ts';
import type { Answers } from './evaluator.ts';
import { ConfigurationFault, paramKindServed, paramsOf } from './params.ts';
import { type BoundPolicy, boundPolicies, type PolicyBinding, type PolicyObject } from './policies.ts';
import type { PolicyOptions } from './policy-options.ts';
import type { Denial, Verdict } from './validation.ts';

export const validatingPolicyName = 'ValidatingAdmissionPolicy';

type Policy = ValidatingAdmissionPolicy & PolicyObject;

interface Refusal {
  readonly policy: string;
  readonly binding: string | undefined;
  readonly message: string;
  readonly reason: string;
}

interface AuditedFailure {
  readonly message: string;
  readonly policy: string;
  readonly binding: string;
  readonly expressionIndex: number;
  readonly validationActions: readonly string[];
}

/** What all policies together have found about a request. */
interface Findings {
  readonly refusals: Refusal[];
  readonly audited: AuditedFailure[];
}

interface Request {
  readonly attributes: AdmissionAttributes;
  readonly view: StoreView;
  readonly index: ResourceIndex;
  readonly namespace: KubeObject | undefined;
  readonly answers: Answers;
}

const auditedMax = 50;
const annotationLengthMax = 10 * 1024;

export function validatingPolicies(options: PolicyOptions): AdmissionPlugin {
  const { store, registry, authorizer } = options;
  const resources = { policies: groupResource(validatingAdmissionPolicies), bindings: groupResource(validatingAdmissionPolicyBindings) };
  const policies = boundPolicies<Policy>(resources, () => store.view(), registry);

  async function validate(attributes: AdmissionAttributes): Promise<void> {
    // Nothing is there to delete, as the client is about to hear.
    if (attributes.operation === 'DELETE' && attributes.oldObject === undefined) return;
    const view = store.view();
    const request: Request = { attributes, view, index: registry(view), namespace: namespaceOf(attributes, view), answers: new Map() };
    const findings: Findings = { refusals: [], audited: [] };
    for (const bound of policies.list()) await checkPolicy(bound, request, findings);
    if (findings.audited.length > 0) {
      attributes.annotate('validation.policy.admission.k8s.io/validation_failure', JSON.stringify(findings.audited.slice(0, auditedMax)));
    }
    const [first] = findings.refusals;
    if (first !== undefined) throw refusal(attributes, first);
  }

  async function checkPolicy({ policy, bindings }: BoundPolicy<Policy>, request: Request, findings: Findings): Promise<void> {
    const match = matched(policy, undefined, findings, () =>
      resourceMatch(policy.spec.matchConstraints ?? {}, request.attributes, request.index, request.view),
    );
    if (match === undefined) return;
    const { paramKind } = policy.spec;
    const isSound = matched(
      policy,
      undefined,
      findings,
      () => paramKind === undefined || paramKindServed(paramKind, request.index) !== undefined,
    );
    if (isSound !== true) return;
    const annotations = new Map<string, Set<string>>();
    for (const binding of bindings) {
      const found = await checkBinding({ policy, binding, match }, request, findings);
      for (const { key, value } of found.flatMap((verdict) => verdict.annotations)) {
        annotations.set(key, (annotations.get(key) ?? new Set()).add(value.slice(0, annotationLengthMax)));
      }
    }
    for (const [key, values] of annotations) request.attributes.annotate(`${policy.metadata.name}/${key}`, [...values].join(', '));
  }

  async function checkBinding({ policy, binding, match }: Bound, request: Request, findings: Findings): Promise<readonly Verdict[]> {
    const { attributes, index, view } = request;
    const { matchResources, paramRef } = binding.spec;
    const isConcerned =
      matchResources === undefined ||
      matched(policy, binding, findings, () => resourceMatch(matchResources, attributes, index, view)) !== undefined;
    if (!isConcerned) return [];
    const params = matched(policy, binding, findings, () =>
      paramsOf({ kind: policy.spec.paramKind, ref: paramRef, namespace: attributes.namespace }, index, view),
    );
    const { loadExpressions, validated } = await import('./validation.ts');
    await loadExpressions();
    const verdicts: Verdict[] = [];
    for (const param of params ?? []) {
      const situation = { attributes, match, param, authorizer, namespace: request.namespace, ...shownIn(attributes, match) };
      const verdict = await validated(policy, situation, request.answers);
      for (const denial of verdict.denials) act(denial, { policy, binding, match }, attributes, findings);
      for (const message of verdict.faults) findings.refusals.push(refused(policy, binding, message));
      verdicts.push(verdict);
    }
    return verdicts;
  }

  return { name: validatingPolicyName, handles: policies.isAny, validate, grounds: policies.grounds };
}

interface Bound {
  readonly policy: Policy;
  readonly binding: PolicyBinding;
  readonly match: Match;
}

const refused = ({ metadata }: Policy, binding: PolicyBinding | undefined, message: string, reason = ''): Refusal => ({
  policy: metadata.name ?? '',
  binding: binding?.metadata.name,
  message,
  reason,
});

/** What is wrong with the configuration itself is left to the failurePolicy. */
function matched<T>(policy: Policy, binding: PolicyBinding | undefined, findings: Findings, find: () => T): T | undefined {
  try {
    return find();
  } catch (error) {
    if (!(error instanceof ConfigurationFault) && !(error instanceof StatusError)) throw error;
    const what = binding === undefined ? 'policy' : 'binding';
    if (policy.spec.failurePolicy !== 'Ignore') {
      findings.refusals.push(refused(policy, binding, `failed to configure ${what}: ${error.message}`));
    }
    return undefined;
  }
}

function act(denial: Denial, { policy, binding }: Bound, attributes: AdmissionAttributes, { refusals, audited }: Findings): void {
  const [policyName, bindingName] = [policy.metadata.name ?? '', binding.metadata.name ?? ''];
  const { validationActions = [] } = binding.spec;
  for (const action of validationActions) {
    if (action === 'Deny') refusals.push(refused(policy, binding, denial.message, denial.reason));
    else if (action === 'Warn') {
      attributes.warn(`Validation failed for ValidatingAdmissionPolicy '${policyName}' with binding '${bindingName}': ${denial.message}`);
    } else if (action === 'Audit') {
      const { message, index } = denial;
      audited.push({ message, policy: policyName, binding: bindingName, expressionIndex: index, validationActions });
    }
  }
}

const codes: Readonly<Record<string, readonly [number, StatusReason]>> = {
  Forbidden: [403, 'Forbidden'],
  Unauthorized: [401, 'Unauthorized'],
  RequestEntityTooLarge: [413, 'RequestEntityTooLarge'],
};

function refusal(attributes: AdmissionAttributes, { policy, binding, message, reason }: Refusal): StatusError {
  const by = binding === undefined ? '' : ` with binding '${binding}'`;
  const why = `ValidatingAdmissionPolicy '${policy}'${by} denied request: ${message}`;
  const error = refuse(attributes, why);
  const [code, status] = codes[reason] ?? [422, 'Invalid' as const];
  return new StatusError(code, status, error.message, { details: { ...error.details, causes: [{ message: why }] } });
}
