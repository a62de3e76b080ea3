/** The columns of a custom kind. Source: apiextensions-apiserver, pkg/registry/customresource/tableconvertor/tableconvertor.go. */
import { humanDuration } from '../../kube/duration.ts';
import type { CustomResourceColumnDefinition } from '../../kube/generated/types.ts';
import { type JsonPath, parseJsonPath, valuesAt } from '../../kube/json-path.ts';
import type { Json, KubeObject } from '../../kube/object.ts';
import { parseTime } from '../../kube/time.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import type { Column } from '../definition.ts';

export function customColumns(declared: readonly CustomResourceColumnDefinition[] | undefined): Column[] {
  return [nameColumn, ...(declared?.length ? declared.flatMap(customColumn) : [{ ...ageColumn, type: 'date' as const }])];
}

function customColumn({ name, type, format, description, priority, jsonPath }: CustomResourceColumnDefinition): Column[] {
  const path = parseJsonPath(jsonPath);
  if (path === undefined) return [];
  return [
    {
      name,
      type: typeOf(type),
      ...(format === undefined ? {} : { format }),
      description: description ?? `Custom resource definition column (in JSONPath format): ${jsonPath}`,
      priority: priority ?? 0,
      value: (object, nowMs) => cell(object, path, type, nowMs),
    },
  ];
}

const typeOf = (type: string): Column['type'] =>
  type === 'integer' || type === 'number' || type === 'boolean' || type === 'date' ? type : 'string';

/** Null where there is nothing, which kubectl shows as `<none>`. */
function cell(object: KubeObject, path: JsonPath, type: string, nowMs: number): string | number | boolean | null {
  const [value] = valuesAt(object as KubeObject & { [field: string]: Json }, path);
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      if (typeof value !== 'string') return null;
      return Number.isNaN(parseTime(value)) ? '<invalid>' : humanDuration(nowMs - parseTime(value));
    default:
      return typeof value === 'object' ? JSON.stringify(value) : String(value);
  }
}
