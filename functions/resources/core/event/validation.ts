/** Source: pkg/apis/core/validation/events.go. */
import { type FieldError, invalid, required } from '../../../kube/field-error.ts';
import type { Event } from '../../../kube/generated/types.ts';
import { internalForm } from '../../../kube/go-internal.ts';
import { dnsSubdomainErrors, qualifiedNameErrors } from '../../../kube/names.ts';
import { namespaceOf } from '../../../kube/object.ts';
import { events, type ResourceType } from '../../../kube/resource-type.ts';
import { validateImmutable, validateImmutableStruct, validateObjectMeta } from '../../metadata-validation.ts';

const textMax = 128;
const noteMax = 1024;

/** The newer version of the API is stricter than the older one, which has to bear what clients always sent. */
const isStrict = (version: Pick<ResourceType, 'group'>): boolean => version.group !== '';

export function validateEvent(event: Event, current?: Event, version: Pick<ResourceType, 'group'> = events): FieldError[] {
  const errors = legacyErrors(event, version);
  if (!isStrict(version)) return errors;
  if (current !== undefined) return [...errors, ...changeErrors(event, current)];
  return [...errors, ...validateObjectMeta(event.metadata, { namespaced: true, validateName: dnsSubdomainErrors }), ...newErrors(event)];
}

function legacyErrors(event: Event, version: Pick<ResourceType, 'group'>): FieldError[] {
  const namespace = event.involvedObject?.namespace ?? '';
  const place = namespaceOf(event);
  const misplaced = invalid('involvedObject.namespace', namespace, 'does not match event.namespace');
  if (!event.eventTime) return place === (namespace === '' ? 'default' : namespace) ? [] : [misplaced];
  const isLost = namespace === '' && place !== 'default' && place !== 'kube-system';
  const reporter = isStrict(version) ? 'reportingController' : 'reportingComponent';
  return [...(isLost ? [misplaced] : []), ...reporterErrors(event, reporter)];
}

function reporterErrors(
  { reportingComponent = '', reportingInstance, action, reason, message = '' }: Event,
  reporter: string,
): FieldError[] {
  const needed = (field: string, text = ''): FieldError[] => [
    ...(text === '' ? [required(field)] : []),
    ...(text.length > textMax ? [invalid(field, '', `can have at most ${textMax} characters`)] : []),
  ];
  return [
    ...(reportingComponent === '' ? [required(reporter)] : []),
    ...qualifiedNameErrors(reportingComponent).map((why) => invalid(reporter, reportingComponent, why)),
    ...needed('reportingInstance', reportingInstance),
    ...needed('action', action),
    ...needed('reason', reason),
    ...(message.length > noteMax ? [invalid('message', '', `can have at most ${noteMax} characters`)] : []),
  ];
}

function newErrors({ series, eventTime, type = '', firstTimestamp, lastTimestamp, count, source }: Event): FieldError[] {
  const unset = (field: string, isSet: boolean): FieldError[] => (isSet ? [invalid(field, '', 'needs to be unset')] : []);
  return [
    ...seriesErrors(series),
    ...(eventTime ? [] : [required('eventTime')]),
    ...(type === 'Normal' || type === 'Warning' ? [] : [invalid('type', '', `has invalid value: ${type}`)]),
    ...unset('firstTimestamp', Boolean(firstTimestamp)),
    ...unset('lastTimestamp', Boolean(lastTimestamp)),
    ...unset('count', (count ?? 0) !== 0),
    ...unset('source', Boolean(source?.component ?? source?.host)),
  ];
}

const seriesErrors = (series: Event['series']): FieldError[] =>
  series === undefined
    ? []
    : [
        ...((series.count ?? 0) < 2 ? [invalid('series.count', '', 'should be at least 2')] : []),
        ...(series.lastObservedTime ? [] : [required('series.lastObservedTime')]),
      ];

const texts = ['reason', 'message'] as const;
const times = ['firstTimestamp', 'lastTimestamp'] as const;

function changeErrors(next: Event, current: Event): FieldError[] {
  const kept = (field: 'type' | 'action' | 'reportingInstance' | (typeof texts)[number]): FieldError[] =>
    validateImmutable(next[field] ?? '', current[field] ?? '', field);
  const struct = (field: 'involvedObject' | 'source' | 'related', type: string): FieldError[] =>
    validateImmutableStruct(internalForm(type, next[field]), internalForm(type, current[field]), { field, type: '=any' });
  const isNewSeries = JSON.stringify(next.series) !== JSON.stringify(current.series);
  return [
    ...(isNewSeries ? seriesErrors(next.series) : []),
    ...struct('involvedObject', 'core.ObjectReference'),
    ...texts.flatMap(kept),
    ...struct('source', 'core.EventSource'),
    ...times.flatMap((field) => validateImmutable(next[field] ?? null, current[field] ?? null, field)),
    ...validateImmutable(next.count ?? 0, current.count ?? 0, 'count'),
    ...kept('type'),
    ...validateImmutable(next.eventTime ?? null, current.eventTime ?? null, 'eventTime'),
    ...kept('action'),
    ...struct('related', '*core.ObjectReference'),
    ...validateImmutable(next.reportingComponent ?? '', current.reportingComponent ?? '', 'reportingController'),
    ...kept('reportingInstance'),
  ];
}
