/** The kinds that CustomResourceDefinitions declare. A kind is compiled when it is first asked for, and kept with its object. */
import type { CustomResourceDefinition } from '../../kube/generated/types.ts';
import { customResourceDefinitions, groupResource } from '../../kube/resource-type.ts';
import type { Stored, View } from '../../kube/view.ts';
import { isEstablished } from '../../kube/custom-resource-names.ts';
import { readable } from '../../kube/unreadable-object.ts';
import type { AnyDefinition } from '../definition.ts';
import { customDefinition } from './custom-definition.ts';

export const declaringResource = groupResource(customResourceDefinitions);

const known = new WeakMap<Stored, AnyDefinition | undefined>();

export function customKinds(view: View): AnyDefinition[] {
  return readable(view.list(declaringResource)).flatMap((stored) => definitionOf(stored) ?? []);
}

function definitionOf(stored: Stored): AnyDefinition | undefined {
  if (known.has(stored)) return known.get(stored);
  const crd = stored.object as CustomResourceDefinition;
  const made = isEstablished(crd) ? customDefinition(crd, stored.revision) : undefined;
  known.set(stored, made);
  return made;
}
