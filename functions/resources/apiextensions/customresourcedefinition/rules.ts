/** The rules of the kind that only writes need; reads never load them. */
import type { CustomResourceDefinition } from '../../../kube/generated/types.ts';

export { setDefaults } from './defaults.ts';
export { warnings } from './schema-warnings.ts';
export { validate, validateStatusUpdate, validateUpdate } from './validation.ts';

export function prepareForCreate(crd: CustomResourceDefinition): void {
  crd.status = { acceptedNames: { plural: '', kind: '' }, storedVersions: storageVersions(crd) };
  // Go prints a list that it always has as null, until something is in it.
  Reflect.set(crd.status, 'conditions', null);
}

export function prepareForUpdate(next: CustomResourceDefinition): void {
  const stored = next.status?.storedVersions ?? [];
  const added = storageVersions(next).filter((version) => !stored.includes(version));
  next.status = { ...next.status, storedVersions: [...stored, ...added] };
}

const storageVersions = ({ spec }: CustomResourceDefinition): string[] =>
  (spec?.versions ?? []).filter(({ storage }) => storage).map(({ name }) => name);
