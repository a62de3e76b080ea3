/** Events about objects, as `kubectl describe` shows them. Repeats are counted on one Event instead of making another. */
import type { KubeObject } from '../kube/object.ts';

export interface EventRecorder {
  /** Never throws and never waits: an Event is a courtesy. `object` needs apiVersion, kind, metadata. */
  event(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string, options?: { readonly fieldPath?: string }): void;
}
