/** A plug-in changes an object in the version that it is shown. The result is decoded as a client's body is. */
import type { JsonObject, KubeObject } from '../../kube/object.ts';
import { builtIn, schemaFor } from '../../kube/schema.ts';
import type { ServedVersion } from '../../resources/definition.ts';
import type { AdmissionAttributes } from '../ports.ts';
import { storedForm, withMetadata } from '../registry/decode.ts';
import { fromStored } from '../registry/served-form.ts';

const isOwnKind = ({ kind, type }: AdmissionAttributes): boolean => kind.kind === type.kind && kind.group === type.group;

export interface Changed {
  readonly object: KubeObject;
  /** Fields of the change that the kind does not have. */
  readonly unknown: readonly string[];
}

export function changedObject(
  object: KubeObject,
  attributes: AdmissionAttributes,
  served: ServedVersion,
  change: (shown: JsonObject) => JsonObject,
): Changed {
  const isOwn = isOwnKind(attributes);
  const shown = (isOwn ? fromStored(served, object) : object) as KubeObject & JsonObject;
  const body = isOwn ? undefined : schemaFor(shown.apiVersion ?? '', shown.kind ?? '');
  const schema = body === undefined ? served.schema : builtIn(body);
  const { object: decoded, unknown } = schema.decode(change(shown));
  const next = withMetadata(decoded);
  return { object: isOwn ? storedForm({ definition: attributes.definition, served }, next) : next, unknown };
}
