/** Whether the match conditions of a webhook hold. Source: apiserver, pkg/admission/plugin/webhook/matchconditions/matcher.go */
import { loadExpressions } from '../../../cel/program.ts';
import type { Failure } from '../../../cel/values/value.ts';
import type { AdmissionAttributes, Authorizer } from '../../ports.ts';
import { compiledConditions, conditionsHold } from '../policies/compiled-policy.ts';
import { shownIn } from '../policies/shown-object.ts';
import type { Webhook } from './hooks.ts';
import type { Invocation } from './invocation.ts';

/** As long as the configuration stays as it is. */
const known = new WeakMap<Webhook, ReturnType<typeof compiledConditions>>();

function conditionsOf(webhook: Webhook): ReturnType<typeof compiledConditions> {
  const conditions = known.get(webhook) ?? compiledConditions(webhook.matchConditions ?? [], false);
  known.set(webhook, conditions);
  return conditions;
}

/** A failure: none is false, and one cannot be evaluated. */
export async function conditionsMet(
  found: Invocation,
  attributes: AdmissionAttributes,
  authorizer: Authorizer | undefined,
): Promise<boolean | Failure> {
  await loadExpressions();
  const situation = { attributes, match: found, param: undefined, namespace: undefined, authorizer, ...shownIn(attributes, found) };
  return conditionsHold(conditionsOf(found.hook.webhook), situation, new Map());
}
