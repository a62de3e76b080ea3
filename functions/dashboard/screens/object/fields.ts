/** Who set which fields of an object. Pure. */
import type { KubeObject } from '../../../kube/object.ts';
import { forEachPath } from '../../../kube/managed-fields/field-set.ts';
import { pathText } from '../../../kube/managed-fields/path-element.ts';

export interface Ownership {
  readonly manager: string;
  readonly operation: string;
  readonly time: string;
  readonly paths: readonly string[];
}

export function ownershipsOf({ metadata: { managedFields = [] } }: KubeObject): readonly Ownership[] {
  return managedFields.map(({ manager = '', operation = '', subresource = '', time = '', fieldsV1 }) => {
    const paths: string[] = [];
    forEachPath((fieldsV1 ?? {}) as Parameters<typeof forEachPath>[0], (path) => void paths.push(pathText(path)));
    return { manager, operation: subresource === '' ? operation : `${operation} of ${subresource}`, time, paths };
  });
}
