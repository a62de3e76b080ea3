/** The columns of `kubectl get events`. Source: pkg/printers/internalversion/printers.go, printEvent. */
import type { Event } from '../../../kube/generated/types.ts';
import { nameOf } from '../../../kube/object.ts';
import { nameColumn, since, textColumn, valueColumn, wide } from '../../columns.ts';
import type { Column } from '../../definition.ts';

const firstTime = ({ firstTimestamp, eventTime }: Event): string | undefined => firstTimestamp || eventTime;
const lastTime = (event: Event): string | undefined => event.series?.lastObservedTime || event.lastTimestamp || firstTime(event);
/** An event of the newer kind has no count until it repeats. */
const countOf = ({ series, count }: Event): number => series?.count ?? (count || 1);

function target({ involvedObject }: Event): string {
  const kind = (involvedObject.kind ?? '').toLowerCase();
  return involvedObject.name ? `${kind}/${involvedObject.name}` : kind;
}

function source(event: Event): string {
  const component = event.source?.component || event.reportingComponent || '';
  const host = event.source?.host || event.reportingInstance || '';
  return host === '' ? component : `${component}, ${host}`;
}

export const columns: readonly Column<Event>[] = [
  textColumn('Last Seen', 'Time since it happened last.', (event, nowMs) => since(lastTime(event), nowMs)),
  textColumn('Type', 'Normal or Warning.', ({ type }) => type ?? ''),
  textColumn('Reason', 'One word for why it happened.', ({ reason }) => reason ?? ''),
  textColumn('Object', 'What it happened to.', target),
  wide(textColumn('Subobject', 'The part of the object that it happened to.', ({ involvedObject }) => involvedObject.fieldPath ?? '')),
  wide(textColumn('Source', 'The component that reported it, and its host.', source)),
  textColumn('Message', 'What happened, in a sentence.', ({ message }) => (message ?? '').trim()),
  wide(textColumn('First Seen', 'Time since it happened first.', (event, nowMs) => since(firstTime(event), nowMs))),
  wide(valueColumn('Count', 'How often it happened.', countOf)),
  wide({ ...nameColumn, value: nameOf }),
];
