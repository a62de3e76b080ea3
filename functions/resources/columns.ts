/**
 * Building blocks of tables. Column names are upstream's; clients print them in upper case.
 * Source: pkg/printers/internalversion/printers.go.
 */
import { humanDuration } from '../kube/duration.ts';
import type { Container, LabelSelector, PodTemplateSpec } from '../kube/generated/types.ts';
import { selectorText } from '../kube/labels.ts';
import type { KubeObject } from '../kube/object.ts';
import { nameOf } from '../kube/object.ts';
import { parseTime } from '../kube/time.ts';
import type { Column } from './definition.ts';

/** What a cell shows where there is no value. */
export const none = '<none>';
export const unknown = '<unknown>';

export function textColumn<T extends KubeObject>(
  name: string,
  description: string,
  value: (object: T, nowMs: number) => string,
): Column<T> {
  return { name, type: 'string', description, priority: 0, value };
}

export function numberColumn<T extends KubeObject>(name: string, description: string, value: (object: T) => number): Column<T> {
  return { name, type: 'integer', description, priority: 0, value };
}

/** Upstream declares text for some numbers and booleans, and prints them as they are. */
export function valueColumn<T extends KubeObject>(
  name: string,
  description: string,
  value: (object: T) => string | number | boolean,
): Column<T> {
  return { name, type: 'string', description, priority: 0, value };
}

export function booleanColumn<T extends KubeObject>(name: string, description: string, value: (object: T) => boolean): Column<T> {
  return { name, type: 'boolean', description, priority: 0, value };
}

/** The same column, shown with `-o wide` only. */
export const wide = <T extends KubeObject>(column: Column<T>): Column<T> => ({ ...column, priority: 1 });

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name of the object, unique among its kind in the namespace.',
  priority: 0,
  value: nameOf,
};

export const ageColumn: Column = {
  name: 'Age',
  type: 'string',
  description: 'Time since the object was created.',
  priority: 0,
  value: (object, nowMs) => since(object.metadata.creationTimestamp, nowMs),
};

/** A moment rather than an age. An object that was never created shows Go's first moment. */
export const createdAtColumn: Column = {
  name: 'Created At',
  type: 'date',
  description: 'When the object was created.',
  priority: 0,
  value: ({ metadata }) => metadata.creationTimestamp ?? '0001-01-01T00:00:00Z',
};

/** How long ago that was, as kubectl writes it. */
export const since = (time: string | null | undefined, nowMs: number): string => (time ? humanDuration(nowMs - parseTime(time)) : unknown);

/** `a=1,b=2` in the order of keys, or `<none>`. */
export function labelsText(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? none : pairs.toSorted().join(',');
}

export const containerNames = (containers: readonly Container[] | undefined): string =>
  (containers ?? []).map((container) => container.name).join(',');

export const containerImages = (containers: readonly Container[] | undefined): string =>
  (containers ?? []).map((container) => container.image ?? '').join(',');

/** At most `limit` of the items, and how many more there are. */
export function abridged(items: readonly string[], limit: number): string {
  const shown = items.slice(0, limit).join(',');
  return items.length > limit ? `${shown} + ${items.length - limit} more...` : shown;
}

/** Containers, images and, where the kind has one, the selector of the pods, shown with `-o wide` only. */
export function templateColumns<T extends KubeObject>(
  template: (object: T) => PodTemplateSpec | undefined,
  selector?: (object: T) => LabelSelector | undefined,
): readonly Column<T>[] {
  const columns: Column<T>[] = [
    textColumn('Containers', 'Names of the containers in the template.', (object) => containerNames(template(object)?.spec?.containers)),
    textColumn('Images', 'Images of the containers in the template.', (object) => containerImages(template(object)?.spec?.containers)),
  ];
  if (selector !== undefined) {
    columns.push(textColumn('Selector', 'Which pods are its own.', (object) => formattedSelector(selector(object))));
  }
  return columns.map(wide);
}

/** Source: apimachinery, pkg/apis/meta/v1/helpers.go, FormatLabelSelector. */
export function formattedSelector(selector: LabelSelector | undefined): string {
  return selector === undefined ? none : selectorText(selector) || none;
}
