import type { KubeObject } from '../../../kube/object.ts';
import type { AdmissionAttributes } from '../../ports.ts';
import { fromStored } from '../../registry/served-form.ts';
import type { Match } from '../match/resource-match.ts';

/** Both objects in the version that a policy asks for; bodies of subresources stay as they are. */
export function shownIn(
  { kind, type, object, oldObject }: AdmissionAttributes,
  { served }: Match,
): { readonly object: KubeObject | undefined; readonly oldObject: KubeObject | undefined } {
  const isOwn = kind.kind === type.kind && kind.group === type.group;
  const shown = (one: KubeObject | undefined): KubeObject | undefined => (one === undefined || !isOwn ? one : fromStored(served, one));
  return { object: shown(object), oldObject: shown(oldObject) };
}
