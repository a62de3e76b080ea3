import type { KubeObject } from '../../../kube/object.ts';
import { groupResource, namespaces } from '../../../kube/resource-type.ts';
import type { View } from '../../../kube/view.ts';
import type { AdmissionAttributes } from '../../ports.ts';
import { namespaceKey } from '../namespace-lifecycle.ts';

/** The namespace that a request is about something in. A Namespace lies in none. */
export function namespaceOf({ type, namespace }: AdmissionAttributes, view: View): KubeObject | undefined {
  if (namespace === '' || groupResource(type) === groupResource(namespaces)) return undefined;
  return view.get(namespaceKey(namespace))?.object;
}
