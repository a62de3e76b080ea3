/** The webhooks that a request has to pass, before any is asked. */
import { forbidden, StatusError } from '../../../kube/status-error.ts';
import type { StoreView, View } from '../../../kube/view.ts';
import type { Store } from '../../../store/store.ts';
import type { Log } from '../../../world.ts';
import type { AdmissionAttributes, Authorizer } from '../../ports.ts';
import type { LiveRegistry } from '../../registry/live-registry.ts';
import { CallFailed, type AskOptions } from './ask.ts';
import { type Hook, hooksOf } from './hooks.ts';
import { internal, invocationOf, isConcerned, isExempt, type Invocation } from './invocation.ts';

/** What the plug-ins of webhooks need of a cluster. */
export interface WebhookOptions extends AskOptions {
  readonly store: Pick<Store, 'view' | 'fresh'>;
  readonly registry: LiveRegistry;
  readonly log: Log;
  /** Match conditions may ask it; without one it refuses. */
  readonly authorizer?: Authorizer;
}

export interface RelevantHooks {
  /** Whether the rules of any webhook match, decided without waiting. */
  isAny(attributes: AdmissionAttributes): boolean;
  list(): readonly Hook[];
  /** Undefined: the webhook is not called. */
  invocation(hook: Hook, attributes: AdmissionAttributes): Promise<Invocation | undefined>;
  /** A mark that changes when the webhooks do. */
  readonly grounds: { readonly lists: readonly string[]; of(view: View): string };
}

export function relevantHooks({ store, registry, authorizer }: WebhookOptions, resource: string): RelevantHooks {
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
    async invocation(hook, attributes) {
      // Nothing is there to delete, as the client is about to hear.
      if (attributes.operation === 'DELETE' && attributes.oldObject === undefined) return undefined;
      const found = invocationOf(hook, attributes, registry(view()));
      if (found === undefined || !isConcerned(found, attributes, view())) return undefined;
      return (await meetsConditions(found, attributes, authorizer)) ? found : undefined;
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

/** Expressions are read and compiled with the first request that they are asked about. */
async function meetsConditions(found: Invocation, attributes: AdmissionAttributes, authorizer: Authorizer | undefined): Promise<boolean> {
  const { webhook } = found.hook;
  if ((webhook.matchConditions ?? []).length === 0) return true;
  const { conditionsMet } = await import('./match-conditions.ts');
  const met = await conditionsMet(found, attributes, authorizer);
  if (typeof met === 'boolean') return met;
  // What cannot be decided is left to the failurePolicy.
  if (webhook.failurePolicy === 'Ignore') return false;
  throw forbidden(attributes.type, attributes.name, met.message);
}

/** What a failed call means for the write: undefined when the webhook may be passed by. */
export function failure(error: unknown, { hook: { webhook } }: Invocation, log: Log): StatusError | undefined {
  if (error instanceof StatusError) return error;
  if (!(error instanceof CallFailed)) throw error;
  if (webhook.failurePolicy !== 'Ignore') return internal(error.message, error);
  log.warn('a webhook failed and was passed by', { webhook: webhook.name, error: error.message });
  return undefined;
}
