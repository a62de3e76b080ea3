/** Between core/v1, which is stored, and events.k8s.io/v1. Source: pkg/apis/events/v1/conversion.go. */
import type { Event, EventsEvent } from '../../../kube/generated/types.ts';
import type { KubeObject } from '../../../kube/object.ts';
import type { Conversion } from '../../definition.ts';

/** The same field under two names: events.k8s.io's and core's. */
const renamed: readonly (readonly [keyof EventsEvent, keyof Event])[] = [
  ['note', 'message'],
  ['regarding', 'involvedObject'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
];
const toCore: ReadonlyMap<string, string> = new Map(renamed);
const toEvents: ReadonlyMap<string, string> = new Map(renamed.map(([newer, older]) => [older, newer]));

const withNames = (object: KubeObject, names: ReadonlyMap<string, string>, apiVersion: string): KubeObject => ({
  ...Object.fromEntries(Object.entries(object).map(([field, value]) => [names.get(field) ?? field, value])),
  metadata: object.metadata,
  apiVersion,
});

export const conversion: Conversion = {
  toStored: (served) => withNames(served, toCore, 'v1'),
  fromStored: (stored) => withNames(stored, toEvents, 'events.k8s.io/v1'),
};
