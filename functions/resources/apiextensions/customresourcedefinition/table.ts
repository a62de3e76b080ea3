/** Source: apiextensions-apiserver, pkg/registry/customresourcedefinition/tableconvertor. */
import type { CustomResourceDefinition } from '../../../kube/generated/types.ts';
import { booleanColumn, createdAtColumn, nameColumn, textColumn, wide } from '../../columns.ts';
import type { Column } from '../../definition.ts';

const versionsText = ({ spec }: CustomResourceDefinition): string =>
  (spec?.versions ?? [])
    .filter(({ served }) => served)
    .map(({ name, storage }) => `${name}${storage ? '(storage)' : ''}`)
    .sort()
    .join(',');

const isEstablished = ({ status }: CustomResourceDefinition): boolean =>
  status?.conditions?.some(({ type, status: state }) => type === 'Established' && state === 'True') === true;

export const columns: readonly Column<CustomResourceDefinition>[] = [
  nameColumn,
  textColumn('Scope', 'Whether its objects live in namespaces.', ({ spec }) => spec?.scope ?? ''),
  textColumn('Versions', 'The versions that are served, and which of them is stored.', versionsText),
  createdAtColumn,
  wide(textColumn('Group', 'The group of the kind.', ({ spec }) => spec?.group ?? '')),
  wide(textColumn('Kind', 'The kind that it declares.', ({ spec }) => spec?.names?.kind ?? '')),
  wide(textColumn('ShortNames', 'Short names of the kind.', ({ spec }) => spec?.names?.shortNames?.join(',') ?? '')),
  wide(booleanColumn('Established', 'Whether the kind is served.', isEstablished)),
];
