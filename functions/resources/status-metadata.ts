/** Source: apimachinery, pkg/apis/meta/v1/meta.go, ResetObjectMetaForStatus. */
import type { KubeObject } from '../kube/object.ts';

/** For kinds whose `/status` changes no labels, annotations or finalizers. */
export function keepMetadata({ metadata }: KubeObject, { metadata: current }: KubeObject): void {
  for (const field of ['labels', 'annotations', 'finalizers'] as const) {
    if (current[field] === undefined) Reflect.deleteProperty(metadata, field);
    else Reflect.set(metadata, field, current[field]);
  }
}
