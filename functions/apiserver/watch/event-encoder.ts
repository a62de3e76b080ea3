/**
 * Watch events as bytes: one JSON document a line. An event about a stored object is encoded once, and every watcher
 * that wants it gets the same bytes.
 */
import type { KubeObject } from '../../kube/object.ts';
import { apiVersionOf } from '../../kube/resource-type.ts';
import type { StatusError } from '../../kube/status-error.ts';
import type { AnyDefinition } from '../../resources/definition.ts';
import type { Form } from '../http/content-negotiation.ts';
import { objectText } from '../http/object-text.ts';
import { type IncludeObject, partialMetadata, tableOf } from '../table.ts';

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

export interface EventForm {
  readonly form: Form;
  readonly metaVersion: 'v1' | 'v1beta1';
  readonly includeObject: IncludeObject;
  nowMs(): number;
}

export interface EventEncoder {
  event(type: EventType, object: KubeObject): Uint8Array;
  /** `endsInitialEvents`: everything that was there when the watch began has been sent. */
  bookmark(revision: number, endsInitialEvents: boolean): Uint8Array;
  error(error: StatusError): Uint8Array;
}

const encoder = new TextEncoder();
const line = (type: string, text: string): Uint8Array => encoder.encode(`{"type":"${type}","object":${text}}\n`);

/** By object, then by type of event. */
const shared = new WeakMap<KubeObject, Partial<Record<EventType, Uint8Array>>>();

function sharedLine(type: EventType, object: KubeObject): Uint8Array {
  if (!Object.isFrozen(object)) return line(type, objectText(object));
  const lines = shared.get(object) ?? {};
  shared.set(object, lines);
  return (lines[type] ??= line(type, objectText(object)));
}

const initialEventsEnd = 'k8s.io/initial-events-end';
/** client-go makes the list that it returns from this empty one. Source: apiserver, pkg/endpoints/handlers/response.go, watchListTransformer. */
const initialEventsListBlueprint = 'kubernetes.io/initial-events-list-blueprint';

export function createEventEncoder(definition: AnyDefinition, form: EventForm): EventEncoder {
  return form.form === 'table' ? tableEncoder(definition, form) : objectEncoder(definition, form);
}

const errorLine = (error: StatusError): Uint8Array => line('ERROR', JSON.stringify(error.toStatus()));

function objectEncoder({ type: { kind, ...type } }: AnyDefinition, { form, metaVersion }: EventForm): EventEncoder {
  const isMetadata = form === 'metadata';
  const identity = isMetadata
    ? { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${metaVersion}` }
    : { kind, apiVersion: apiVersionOf({ kind, ...type }) };
  const emptyList = { ...identity, kind: `${identity.kind}List`, metadata: {}, items: [] };
  const blueprint = Buffer.from(JSON.stringify(emptyList)).toString('base64');
  return {
    event: (event, object) => (isMetadata ? line(event, JSON.stringify(partialMetadata(object, metaVersion))) : sharedLine(event, object)),
    bookmark: (revision, endsInitialEvents) =>
      line('BOOKMARK', JSON.stringify({ ...identity, metadata: bookmarkMetadata(revision, endsInitialEvents, blueprint) })),
    error: errorLine,
  };
}

function bookmarkMetadata(revision: number, endsInitialEvents: boolean, blueprint?: string): object {
  const metadata = { resourceVersion: String(revision), creationTimestamp: null };
  if (!endsInitialEvents) return metadata;
  const list = blueprint === undefined ? {} : { [initialEventsListBlueprint]: blueprint };
  return { ...metadata, annotations: { [initialEventsEnd]: 'true', ...list } };
}

function tableEncoder(definition: AnyDefinition, { metaVersion, includeObject, nowMs }: EventForm): EventEncoder {
  let hasColumns = true;
  const table = (objects: readonly KubeObject[], metadata: object): string => {
    const text = JSON.stringify(tableOf(definition, objects, metadata, { metaVersion, includeObject, nowMs: nowMs(), hasColumns }));
    hasColumns = false;
    return text;
  };
  return {
    event: (event, object) => line(event, table([object], { resourceVersion: object.metadata.resourceVersion })),
    bookmark: (revision, endsInitialEvents) => line('BOOKMARK', table([], bookmarkMetadata(revision, endsInitialEvents))),
    error: errorLine,
  };
}
