/** A case: a few requests that both servers get in the same order. It is equal when every answer is. */
import type { Json } from '../../../functions/kube/object.ts';

export interface Step {
  readonly method: string;
  /** With its query. Texts in braces come from an earlier answer of the same server: `{uid}`, `{resourceVersion}`. */
  readonly path: string;
  /** JSON, or a text that is sent as it is. The same braces count. */
  readonly body?: Json | undefined;
  /** Sent in place of `body`: bytes that are no text. */
  readonly base64?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Opens a watch; `events` come until the case ends. */
  readonly watchedEvents?: number;
}

export interface Case {
  /** `pods#17`: a seed and this name make the case again. */
  readonly name: string;
  /** Group and resource, as the report names it: `deployments.apps`. */
  readonly kind: string;
  /** A sentence for people about what the case tries. */
  readonly about: string;
  readonly steps: readonly Step[];
}
