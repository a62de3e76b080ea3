import type { Event } from '../../../kube/generated/types.ts';
import { events, eventsV1 } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { definition } from '../../definition.ts';
import { conversion } from './conversion.ts';
import { columns } from './table.ts';

const objectFields = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'] as const;

/** The names of fields in events.k8s.io/v1. */
const fieldNames: ReadonlyMap<string, string> = new Map([
  ...objectFields.map((field) => [`regarding.${field}`, `involvedObject.${field}`] as const),
  ['reason', 'reason'],
  ['reportingController', 'reportingComponent'],
  ['type', 'type'],
]);

function fields(event: Event): Record<string, string> {
  const involved = objectFields.map((field) => [`involvedObject.${field}`, event.involvedObject?.[field] ?? ''] as const);
  return {
    ...Object.fromEntries(involved),
    reason: event.reason ?? '',
    reportingComponent: event.reportingComponent ?? '',
    source: event.source?.component || event.reportingComponent || '',
    type: event.type ?? '',
  };
}

export const eventDefinition = definition<Event>({
  type: events,
  otherVersions: [{ type: eventsV1, schema: builtIn('io.k8s.api.events.v1.Event'), conversion, fieldNames }],
  schema: builtIn('io.k8s.api.core.v1.Event'),
  singular: 'event',
  allowsBareFinalizers: true,
  rechecksName: false,
  shortNames: ['ev'],
  columns,
  selectableFields: [...objectFields.map((field) => `involvedObject.${field}`), 'reason', 'reportingComponent', 'source', 'type'],
  fields,
  hasDependents: false,
  hasWatchCache: false,
  // Its older version bears any name that fits into a path.
  checksOwnMetadata: true,
  allowsCreateOnUpdate: true,
  rules: () => import('./rules.ts'),
});
