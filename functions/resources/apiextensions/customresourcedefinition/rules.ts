/** What only writes need of the kind. */
import type { CustomResourceDefinition } from '../../../kube/generated/types.ts';

export { setDefaults } from './defaults.ts';
export { validate, validateUpdate } from './validation.ts';

export function prepareForCreate(crd: CustomResourceDefinition): void {
  crd.status = { storedVersions: storageVersions(crd) };
}

export function prepareForUpdate(next: CustomResourceDefinition): void {
  const stored = next.status?.storedVersions ?? [];
  const added = storageVersions(next).filter((version) => !stored.includes(version));
  next.status = { ...next.status, storedVersions: [...stored, ...added] };
}

const storageVersions = ({ spec }: CustomResourceDefinition): string[] =>
  spec.versions.filter(({ storage }) => storage).map(({ name }) => name);
