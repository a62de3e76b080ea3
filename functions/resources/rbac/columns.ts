/** Tables of roles and of bindings. */
import type { RbacSubject, RoleRef } from '../../kube/generated/types.ts';
import type { KubeObject } from '../../kube/object.ts';
import { ageColumn, createdAtColumn, nameColumn, textColumn, wide } from '../columns.ts';
import type { Column } from '../definition.ts';

interface Binding extends KubeObject {
  roleRef: RoleRef;
  subjects?: RbacSubject[];
}

export const roleColumns: readonly Column[] = [nameColumn, createdAtColumn];

const namesOf = ({ subjects = [] }: Binding, kind: string): string =>
  subjects
    .filter((subject) => subject.kind === kind)
    .map(({ name, namespace }) => (kind === 'ServiceAccount' ? `${namespace}/${name}` : name))
    .join(', ');

export const bindingColumns = <T extends Binding>(): readonly Column<T>[] => [
  nameColumn,
  textColumn('Role', 'The role that is granted.', ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`),
  ageColumn,
  wide(textColumn('Users', 'Users that it is granted to.', (binding) => namesOf(binding, 'User'))),
  wide(textColumn('Groups', 'Groups that it is granted to.', (binding) => namesOf(binding, 'Group'))),
  wide(textColumn('ServiceAccounts', 'Service accounts that it is granted to.', (binding) => namesOf(binding, 'ServiceAccount'))),
];
