/** The webhooks that a request has to pass, before any is asked. */
import { forbidden, StatusError } from '../../../kube/status-error.ts';
import type { StoreView, View } from '../../../kube/view.ts';
import type { Store } from '../../../store/store.ts';
import type { Log } from '../../../world.ts';
import type { AdmissionAttributes } from '../../ports.ts';
import type { LiveRegistry } from '../../registry/live-registry.ts';
import { CallFailed, type AskOptions } from './ask.ts';
import { type Hook, hooksOf } from './hooks.ts';
import { internal, invocationOf, isConcerned, isExempt, type Invocation } from './invocation.ts';

/** What the plug-ins of webhooks need of a cluster. */
export interface WebhookOptions extends AskOptions {
  readonly store: Pick<Store, 'view' | 'fresh'>;
  readonly registry: LiveRegistry;
  readonly log: Log;
}

export interface RelevantHooks {
  /** By rules alone, without waiting. */
  isAny(attributes: AdmissionAttributes): boolean;
  list(): readonly Hook[];
  /** Undefined: it is not called. */
  invocation(hook: Hook, attributes: AdmissionAttributes): Invocation | undefined;
  /** Changes when the webhooks do. */
  readonly grounds: { readonly lists: readonly string[]; of(view: View): string };
}

export function relevantHooks({ store, registry }: WebhookOptions, resource: string): RelevantHooks {
  const hooks = hooksOf(resource);
  const view = (): StoreView => store.view();
  return {
    list: () => hooks(view()),
    isAny(attributes) {
      const all = hooks(view());
      if (all.length === 0 || isExempt(attributes)) return false;
      const index = registry(view());
      return all.some((hook) => invocationOf(hook, attributes, index) !== undefined);
    },
    invocation(hook, attributes) {
      // Nothing is there to delete, as the client is about to hear.
      if (attributes.operation === 'DELETE' && attributes.oldObject === undefined) return undefined;
      const found = invocationOf(hook, attributes, registry(view()));
      if (found === undefined || !isConcerned(found, attributes, view())) return undefined;
      return meetsConditions(hook, attributes) ? found : undefined;
    },
    grounds: {
      lists: [resource],
      of: (at) =>
        at
          .list(resource)
          .map(({ key, revision }) => `${key.name}@${revision}`)
          .join(),
    },
  };
}

/** CEL is not evaluated yet: what cannot be decided is left to the failurePolicy, as a condition that fails is. */
function meetsConditions({ webhook }: Hook, { type, name }: AdmissionAttributes): boolean {
  const { matchConditions = [], failurePolicy } = webhook;
  if (matchConditions.length === 0) return true;
  if (failurePolicy === 'Ignore') return false;
  const names = matchConditions.map((condition) => condition.name).join(', ');
  throw forbidden(type, name, `match conditions of webhook ${JSON.stringify(webhook.name)} cannot be evaluated yet: ${names}`);
}

/** What a failed call means for the write: undefined when the webhook may be passed by. */
export function failure(error: unknown, { hook: { webhook } }: Invocation, log: Log): StatusError | undefined {
  if (error instanceof StatusError) return error;
  if (!(error instanceof CallFailed)) throw error;
  if (webhook.failurePolicy !== 'Ignore') return internal(error.message, error);
  log.warn('a webhook failed and was passed by', { webhook: webhook.name, error: error.message });
  return undefined;
}
