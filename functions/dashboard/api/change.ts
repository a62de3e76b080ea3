/** Objects of any kind, and what changes them. */
import type { KubeObject } from '../../kube/object.ts';

/** The API keeps what it knows about an object besides what people write: kinds share it as this. */
export type AnyObject = KubeObject & {
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
};

export interface Change {
  readonly method: 'PATCH' | 'PUT' | 'POST' | 'DELETE';
  /** `/scale`, or '' for the object itself. */
  readonly subresource: string;
  readonly contentType?: string;
  readonly body: unknown;
}

export const mergePatch = (body: unknown, subresource = ''): Change => ({
  method: 'PATCH',
  subresource,
  contentType: 'application/merge-patch+json',
  body,
});
