/** Lets MutatingAdmissionPolicies change what is about to be stored. Source: apiserver, pkg/admission/plugin/policy/mutating/dispatcher.go. */
import { copy } from '../../../kube/copy.ts';
import { deepEqual } from '../../../kube/equality.ts';
import type { MutatingAdmissionPolicy } from '../../../kube/generated/types.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { groupResource, mutatingAdmissionPolicies, mutatingAdmissionPolicyBindings } from '../../../kube/resource-type.ts';
import { StatusError, type StatusReason } from '../../../kube/status-error.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../../ports.ts';
import { type Match, resourceMatch } from '../match/resource-match.ts';
import { refuse } from '../refuse.ts';
import type { Answers } from './evaluator.ts';
import { ConfigurationFault, paramKindServed, paramsOf } from './params.ts';
import { boundPolicies, type PolicyBinding, type PolicyObject } from './policies.ts';
import type { PolicyOptions } from './policy-options.ts';
import { namespaceOf } from './request-namespace.ts';
import { shownIn } from './shown-object.ts';

export const mutatingPolicyName = 'MutatingAdmissionPolicy';

type Policy = MutatingAdmissionPolicy & PolicyObject;

interface Invocation {
  readonly policy: Policy;
  readonly binding: PolicyBinding;
  readonly match: Match;
  readonly param: KubeObject | undefined;
}

interface Fault {
  readonly policy: Policy;
  readonly binding: PolicyBinding | undefined;
  readonly message: string;
  readonly reason: StatusReason;
}

/** Across the two passes of one request, as with webhooks. */
interface Passes {
  readonly willing: Set<string>;
  readonly again: Set<string>;
  left: KubeObject | undefined;
}

function passesOf({ reinvocation }: AdmissionAttributes): Passes {
  const known = reinvocation.notes.get(mutatingPolicyName) as Passes | undefined;
  const passes = known ?? { willing: new Set<string>(), again: new Set<string>(), left: undefined };
  reinvocation.notes.set(mutatingPolicyName, passes);
  return passes;
}

const reinvoke = ({ willing, again }: Passes): void => {
  for (const key of willing) again.add(key);
  willing.clear();
};

const keyOf = ({ policy, binding, param }: Invocation): string =>
  JSON.stringify([policy.metadata.name, binding.metadata.name, param?.metadata.namespace, param?.metadata.name]);

export function mutatingPolicies(options: PolicyOptions): AdmissionPlugin {
  const { store, registry, authorizer } = options;
  const resources = { policies: groupResource(mutatingAdmissionPolicies), bindings: groupResource(mutatingAdmissionPolicyBindings) };
  const policies = boundPolicies<Policy>(resources, () => store.view(), registry);

  async function admit(attributes: AdmissionAttributes): Promise<void> {
    // Nothing of a deletion can be changed. Source: mutating/plugin.go, NewPlugin.
    if (attributes.operation === 'DELETE') return;
    const faults: Fault[] = [];
    const invocations = invocationsOf(attributes, faults);
    const passes = passesOf(attributes);
    const { isSecond } = attributes.reinvocation;
    if (isSecond && !deepEqual(passes.left, attributes.object)) reinvoke(passes);
    const answers: Answers = new Map();
    const before = attributes.object;
    for (const invocation of invocations) await invoke(invocation, { attributes, answers, passes, faults });
    // What changed here is news to the policies that came first, too.
    if (!deepEqual(before, attributes.object)) reinvoke(passes);
    passes.left = attributes.object === undefined ? undefined : copy(attributes.object);
    const counted = faults.filter(({ policy }) => policy.spec?.failurePolicy !== 'Ignore');
    if (counted.length > 0) throw refusal(attributes, counted);
  }

  function invocationsOf(attributes: AdmissionAttributes, faults: Fault[]): Invocation[] {
    const view = store.view();
    const index = registry(view);
    return policies.list().flatMap(({ policy, bindings }) => {
      const { matchConstraints = {}, paramKind } = policy.spec ?? {};
      const match = configured(policy, undefined, faults, () => {
        const found = resourceMatch(matchConstraints, attributes, index, view);
        if (found !== undefined && paramKind !== undefined) paramKindServed(paramKind, index);
        return found;
      });
      if (match === undefined) return [];
      return bindings.flatMap((binding) => {
        const { matchResources, paramRef } = binding.spec;
        const params = configured(policy, binding, faults, () => {
          if (matchResources !== undefined && resourceMatch(matchResources, attributes, index, view) === undefined) return [];
          return paramsOf({ kind: paramKind, ref: paramRef, namespace: attributes.namespace }, index, view);
        });
        return (params ?? []).map((param) => ({ policy, binding, match, param }));
      });
    });
  }

  async function invoke(invocation: Invocation, { attributes, answers, passes, faults }: Pass): Promise<void> {
    const { policy, binding, match, param } = invocation;
    const engine = await import('./mutation.ts');
    await engine.loadExpressions();
    const namespace = namespaceOf(attributes, store.view());
    const situation = () => ({ attributes, match, param, authorizer, namespace, ...shownIn(attributes, match) });
    const compiled = engine.compiledPolicy(policy);
    const holds = await engine.conditionsHold(compiled.conditions, situation(), answers);
    if (typeof holds !== 'boolean') return void faults.push({ policy, binding, message: holds.message, reason: 'Invalid' });
    if (!holds || (attributes.reinvocation.isSecond && !passes.again.has(keyOf(invocation)))) return undefined;
    const before = attributes.object;
    for (const mutation of compiled.mutations) {
      const { object } = attributes;
      if (object === undefined) continue;
      try {
        attributes.object = await engine.mutated(compiled, mutation, { attributes, match, object, situation: situation(), answers });
      } catch (error) {
        if (!(error instanceof engine.MutationFault)) throw error;
        faults.push({ policy, binding, message: error.message, reason: 'Invalid' });
      }
    }
    if (!deepEqual(before, attributes.object)) {
      reinvoke(passes);
      attributes.reinvocation.isNeeded = true;
    }
    if (policy.spec?.reinvocationPolicy === 'IfNeeded') passes.willing.add(keyOf(invocation));
  }

  return { name: mutatingPolicyName, handles: policies.isAny, admit, grounds: policies.grounds };
}

interface Pass {
  readonly attributes: AdmissionAttributes;
  readonly answers: Answers;
  readonly passes: Passes;
  readonly faults: Fault[];
}

function configured<T>(policy: Policy, binding: PolicyBinding | undefined, faults: Fault[], find: () => T): T | undefined {
  try {
    return find();
  } catch (error) {
    if (!(error instanceof ConfigurationFault) && !(error instanceof StatusError)) throw error;
    const what = binding === undefined ? 'policy' : 'binding';
    faults.push({ policy, binding, message: `failed to configure ${what}: ${error.message}`, reason: 'Forbidden' });
    return undefined;
  }
}

function textOf({ policy, binding, message }: Fault): string {
  if (binding === undefined) return `policy ${JSON.stringify(policy.metadata.name)} denied request: ${message}`;
  return `policy '${policy.metadata.name}' with binding '${binding.metadata.name}' denied request: ${message}`;
}

function refusal(attributes: AdmissionAttributes, faults: readonly Fault[]): StatusError {
  const { details } = refuse(attributes, '');
  const texts = faults.map(textOf);
  const causes = texts.map((message) => ({ message }));
  return new StatusError(403, faults[0]?.reason ?? 'Forbidden', texts[0] ?? '', { details: { ...details, causes } });
}
