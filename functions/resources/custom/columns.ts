/** The columns of a custom kind. Source: apiextensions-apiserver, pkg/registry/customresource/tableconvertor/tableconvertor.go. */
import { humanDuration } from '../../kube/duration.ts';
import type { CustomResourceColumnDefinition } from '../../kube/generated/types.ts';
import { type JsonPath, parseJsonPath, valuesAt } from '../../kube/json-path.ts';
import type { Json, JsonObject, KubeObject } from '../../kube/object.ts';
import { parseTime } from '../../kube/time.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import type { Column } from '../definition.ts';

const ageByDefault: CustomResourceColumnDefinition = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: ageColumn.description,
};

/** Those before the first one whose path cannot be read. */
export function customColumns(declared: readonly CustomResourceColumnDefinition[] | undefined): Column[] {
  const wanted = declared?.length ? declared : [ageByDefault];
  const paths = wanted.map(({ jsonPath }) => parseJsonPath(jsonPath));
  const end = paths.indexOf(undefined);
  return [
    nameColumn,
    ...wanted.slice(0, end === -1 ? wanted.length : end).map((column, index) => customColumn(column, paths[index] ?? [])),
  ];
}

function customColumn({ name, type, format, description, priority, jsonPath }: CustomResourceColumnDefinition, path: JsonPath): Column {
  return {
    name,
    type: typeOf(type),
    ...(format === undefined ? {} : { format }),
    description: description || `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    priority: priority ?? 0,
    value: (object, nowMs) => cell(object, path, type, nowMs),
  };
}

const typeOf = (type: string): Column['type'] =>
  type === 'integer' || type === 'number' || type === 'boolean' || type === 'date' ? type : 'string';

/** Null where there is nothing, which kubectl shows as `<none>`. */
function cell(object: KubeObject, path: JsonPath, type: string, nowMs: number): string | number | boolean | null {
  const [value] = valuesAt(object as KubeObject & { [field: string]: Json }, path);
  if (value === undefined) return null;
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      if (typeof value !== 'string') return null;
      return ageOf(value, nowMs);
    default:
      return textOf(value);
  }
}

function ageOf(value: string, nowMs: number): string {
  if (value === '' || value === 'null') return '<unknown>';
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(value) ? parseTime(value) : Number.NaN;
  return Number.isNaN(ms) ? '<invalid>' : humanDuration(nowMs - ms);
}

/** As Go prints it: objects and lists as JSON, with their names sorted. */
function textOf(value: Json): string {
  if (value === null) return '<nil>';
  if (typeof value === 'number') return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
  return typeof value === 'object' ? JSON.stringify(sorted(value)) : String(value);
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const object: JsonObject = value;
  return Object.fromEntries(
    Object.keys(object)
      .sort()
      .map((name) => [name, sorted(object[name] ?? null)]),
  );
}
