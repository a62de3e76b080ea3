/** Lets webhooks refuse what is about to be stored, all of them asked at once. Source: apiserver, pkg/admission/plugin/webhook/validating/dispatcher.go */
import { groupResource, validatingWebhookConfigurations } from '../../../kube/resource-type.ts';
import type { StatusError } from '../../../kube/status-error.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../../ports.ts';
import { ask } from './ask.ts';
import type { Invocation } from './invocation.ts';
import { failure, relevantHooks, type WebhookOptions } from './relevant-hooks.ts';

export const validatingName = 'ValidatingAdmissionWebhook';

const optional = <T>(one: T | undefined): readonly T[] => (one === undefined ? [] : [one]);

export function validatingWebhooks(options: WebhookOptions): AdmissionPlugin {
  const hooks = relevantHooks(options, groupResource(validatingWebhookConfigurations));

  async function validate(attributes: AdmissionAttributes): Promise<void> {
    const invocations: Invocation[] = [];
    for (const hook of hooks.list()) invocations.push(...optional(await hooks.invocation(hook, attributes)));
    const refusals: StatusError[] = [];
    const asked = invocations.map(async (invocation, index) => {
      try {
        await ask(options, attributes, invocation, false);
      } catch (error) {
        const refusal = failure(error, invocation, options.log);
        if (refusal !== undefined) refusals.push(refusal);
        else
          attributes.annotate(`failed-open.validating.webhook.admission.k8s.io/round_0_index_${index}`, invocation.hook.webhook.name ?? '');
      }
    });
    await Promise.all(asked);
    const [first] = refusals;
    if (first !== undefined) throw first;
  }

  return { name: validatingName, handles: hooks.isAny, validate, grounds: hooks.grounds };
}
