/** The webhooks of a cluster, in the order in which they are asked. */
import { derived } from '../../../kube/derived.ts';
import type { MutatingWebhook, ValidatingWebhook } from '../../../kube/generated/types.ts';
import type { KubeObject } from '../../../kube/object.ts';
import type { StoreView } from '../../../kube/view.ts';

export type Webhook = MutatingWebhook & ValidatingWebhook;

export interface Hook {
  readonly configuration: string;
  /** Unique among all, and the same as long as the configuration stays. */
  readonly id: string;
  readonly webhook: Webhook;
}

interface Configuration extends KubeObject {
  readonly webhooks?: readonly Webhook[];
}

/** By the name of the configuration, then by its own order. */
export const hooksOf = (resource: string): ((view: StoreView) => readonly Hook[]) =>
  derived([resource], (view) =>
    view.list(resource).flatMap(({ object, key }) =>
      ((object as Configuration).webhooks ?? []).map((webhook, index) => ({
        configuration: key.name,
        id: `${key.name}/${webhook.name}/${index}`,
        webhook,
      })),
    ),
  );
