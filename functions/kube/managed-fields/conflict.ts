/** The refusal of an apply that would change what others manage. Source: apimachinery, pkg/util/managedfields/internal/conflict.go. */
import { StatusError } from '../status-error.ts';
import type { FieldSet } from './field-set.ts';
import { forEachPath } from './field-set.ts';
import type { ManagedSet } from './managers.ts';
import { pathText } from './path-element.ts';

/** Fields that the apply would take from managers, by the manager's id. */
export type Conflicts = ReadonlyMap<string, { readonly set: ManagedSet; readonly fields: FieldSet }>;

function managerText({ manager, operation, apiVersion, subresource }: ManagedSet): string {
  const name = subresource === '' ? JSON.stringify(manager) : `${JSON.stringify(manager)} with subresource ${JSON.stringify(subresource)}`;
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}

export function conflictError(conflicts: Conflicts): StatusError {
  const byManager = [...conflicts]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { set, fields }]) => {
      const paths: string[] = [];
      forEachPath(fields, (path) => void paths.push(pathText(path)));
      return { manager: managerText(set), paths };
    });
  const causes = byManager.flatMap(({ manager, paths }) =>
    paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${manager}`, field })),
  );
  const [first] = causes;
  const message =
    causes.length === 1 && first !== undefined
      ? `Apply failed with 1 conflict: ${first.message}: ${first.field}`
      : `Apply failed with ${causes.length} conflicts: ${byManager
          .flatMap(({ manager, paths }) => [`conflicts with ${manager}:`, ...paths.map((path) => `- ${path}`)])
          .join('\n')}`;
  return new StatusError(409, 'Conflict', message, { details: { causes } });
}
