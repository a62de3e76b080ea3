/** Lets webhooks change what is about to be stored, one after the other. Source: apiserver, pkg/admission/plugin/webhook/mutating/dispatcher.go */
import { copy } from '../../../kube/copy.ts';
import { deepEqual } from '../../../kube/equality.ts';
import { parseJson } from '../../../kube/json-document.ts';
import type { Json, KubeObject } from '../../../kube/object.ts';
import { applyJsonPatch } from '../../../kube/patch/json.ts';
import { groupResource, mutatingWebhookConfigurations } from '../../../kube/resource-type.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../../ports.ts';
import { changedObject } from '../changed-object.ts';
import { ask, CallFailed } from './ask.ts';
import { internal, type Invocation } from './invocation.ts';
import { failure, relevantHooks, type WebhookOptions } from './relevant-hooks.ts';

export const mutatingName = 'MutatingAdmissionWebhook';

/** Across the two passes of one request. */
interface Passes {
  /** Webhooks that want to be asked again when something has changed since. */
  readonly willing: Set<string>;
  /** Those of them that something has changed for. */
  readonly again: Set<string>;
  left: KubeObject | undefined;
}

const passesOf = ({ reinvocation }: AdmissionAttributes): Passes => {
  const known = reinvocation.notes.get(mutatingName) as Passes | undefined;
  const passes = known ?? { willing: new Set<string>(), again: new Set<string>(), left: undefined };
  reinvocation.notes.set(mutatingName, passes);
  return passes;
};

const reinvoke = ({ willing, again }: Passes): void => {
  for (const id of willing) again.add(id);
  willing.clear();
};

async function askOne(options: WebhookOptions, attributes: AdmissionAttributes, invocation: Invocation): Promise<boolean> {
  const { webhook } = invocation.hook;
  const { patch } = await ask(options, attributes, invocation, true);
  if (patch === undefined) return false;
  const { object } = attributes;
  const value = parsedPatch(patch, webhook.name ?? '');
  if (Array.isArray(value) && value.length === 0) return false;
  if (object === undefined) {
    throw internal(
      `admission webhook ${JSON.stringify(webhook.name)} attempted to modify the object, which is not supported for this operation`,
    );
  }
  let next: KubeObject;
  try {
    next = changedObject(object, attributes, invocation.served, (shown) => applyJsonPatch(shown, value)).object;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const why = error.cause instanceof Error ? error.cause.message : error.message;
    throw internal(why.replace(decodingStart, ''), error);
  }
  attributes.object = next;
  return !deepEqual(next, object);
}

/** How the decoder's errors begin, which name the kind. */
const decodingStart = /^\w{1,100} in version "[\w./-]{1,300}" cannot be handled as a \w{1,100}: /;

function parsedPatch(text: string, webhook: string): Json {
  try {
    return parseJson(text).value;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new CallFailed(webhook, `received undecodable patch in webhook response: ${error.message}`, error);
  }
}

export function mutatingWebhooks(options: WebhookOptions): AdmissionPlugin {
  const hooks = relevantHooks(options, groupResource(mutatingWebhookConfigurations));

  async function admit(attributes: AdmissionAttributes): Promise<void> {
    const passes = passesOf(attributes);
    const { isSecond } = attributes.reinvocation;
    if (isSecond && !deepEqual(passes.left, attributes.object)) reinvoke(passes);
    for (const [index, hook] of hooks.list().entries()) {
      const invocation = await hooks.invocation(hook, attributes);
      // The second pass asks no webhook for the first time.
      if (invocation === undefined || (isSecond && !passes.again.has(hook.id))) continue;
      let isChanged = false;
      try {
        isChanged = await askOne(options, attributes, invocation);
      } catch (error) {
        const refusal = failure(error, invocation, options.log);
        if (refusal !== undefined) throw refusal;
        attributes.annotate(
          `failed-open.mutation.webhook.admission.k8s.io/round_${Number(isSecond)}_index_${index}`,
          hook.webhook.name ?? '',
        );
      }
      annotate(attributes, { index, isChanged, configuration: hook.configuration, webhook: hook.webhook.name ?? '' });
      if (isChanged) {
        reinvoke(passes);
        attributes.reinvocation.isNeeded = true;
      }
      if (hook.webhook.reinvocationPolicy === 'IfNeeded') passes.willing.add(hook.id);
    }
    passes.left = attributes.object === undefined ? undefined : copy(attributes.object);
  }

  return { name: mutatingName, handles: hooks.isAny, admit, grounds: hooks.grounds };
}

interface Mutation {
  readonly index: number;
  readonly isChanged: boolean;
  readonly configuration: string;
  readonly webhook: string;
}

function annotate(attributes: AdmissionAttributes, { index, isChanged, configuration, webhook }: Mutation): void {
  const round = Number(attributes.reinvocation.isSecond);
  const value = JSON.stringify({ configuration, webhook, mutated: isChanged });
  attributes.annotate(`mutation.webhook.admission.k8s.io/round_${round}_index_${index}`, value);
}
