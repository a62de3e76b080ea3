/** What differs between two states of objects. Pure. */
import { isJsonObject, type KubeObject } from '../../../functions/kube/object.ts';

export interface FieldChange {
  /** `spec.replicas`, `spec.template.spec.containers[0].image`. */
  readonly path: string;
  /** Undefined: it was not there. */
  readonly before: unknown;
  /** Undefined: it is gone. */
  readonly after: unknown;
}

/** Fields that the API keeps for itself. */
const ownFields: ReadonlySet<string> = new Set(['metadata.resourceVersion', 'metadata.managedFields', 'metadata.generation']);

const simple = /^[A-Za-z_][\w-]*$/;
const below = (path: string, field: string): string =>
  simple.test(field) ? (path === '' ? field : `${path}.${field}`) : `${path}[${JSON.stringify(field)}]`;

export function fieldChanges(before: unknown, after: unknown, path = ''): FieldChange[] {
  if (ownFields.has(path)) return [];
  if (isJsonObject(before) && isJsonObject(after)) {
    const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return fields.flatMap((field) => fieldChanges(before[field], after[field], below(path, field)));
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_none, index) => fieldChanges(before[index], after[index], `${path}[${index}]`)).flat();
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
}

export interface PlacedObject {
  /** GroupResource. */
  readonly resource: string;
  readonly object: KubeObject;
}

export interface ObjectChange {
  readonly type: 'added' | 'removed' | 'changed';
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  /** The changed fields of an object that changed. */
  readonly fields: readonly FieldChange[];
}

const placeOf = ({ resource, object: { metadata } }: PlacedObject): string =>
  JSON.stringify([resource, metadata.namespace ?? '', metadata.name ?? '']);

/** Changes of objects, which are matched by resource, namespace and name. */
export function objectChanges(before: readonly PlacedObject[], after: readonly PlacedObject[]): ObjectChange[] {
  const former = new Map(before.map((placed) => [placeOf(placed), placed]));
  const later = new Map(after.map((placed) => [placeOf(placed), placed]));
  return [...new Set([...former.keys(), ...later.keys()])].sort().flatMap((place): ObjectChange[] => {
    const [was, is] = [former.get(place), later.get(place)];
    const { resource, object } = is ?? was ?? { resource: '', object: { metadata: {} } };
    const named = { resource, namespace: object.metadata.namespace ?? '', name: object.metadata.name ?? '' };
    if (was === undefined) return [{ type: 'added', ...named, fields: [] }];
    if (is === undefined) return [{ type: 'removed', ...named, fields: [] }];
    const fields = fieldChanges(was.object, is.object);
    return fields.length === 0 ? [] : [{ type: 'changed', ...named, fields }];
  });
}

const signs = { added: '+', removed: '-', changed: '~' } as const;
const valueLengthMax = 120;
/** One line, whatever the value holds: what a terminal would obey is escaped. */
const valueText = (value: unknown): string => {
  const text = value === undefined ? '(absent)' : escaped(JSON.stringify(value));
  return text.length > valueLengthMax ? `${text.slice(0, valueLengthMax)}…` : text;
};
/** JSON leaves C1 controls as they are. */
const escaped = (text: string): string =>
  text.replaceAll(/[\u007f-\u009f]/g, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Values of Secrets are not shown: that they differ is. */
const isHidden = (resource: string, path: string): boolean => resource === 'secrets' && /^(data|stringData)\b/.test(path);

export function fieldLine(resource: string, { path, before, after }: FieldChange): string {
  if (isHidden(resource, path)) return `    ${path}: (a secret value that differs)\n`;
  return `    ${path}: ${valueText(before)} → ${valueText(after)}\n`;
}

export const changeLines = (changes: readonly ObjectChange[]): string =>
  changes
    .map(({ type, resource, namespace, name, fields }) => {
      const place = namespace === '' ? name : `${namespace}/${name}`;
      return `${signs[type]} ${resource} ${place}\n${fields.map((field) => fieldLine(resource, field)).join('')}`;
    })
    .join('');
