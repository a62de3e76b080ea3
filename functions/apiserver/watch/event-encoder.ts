/**
 * Watch events as bytes: in JSON one document a line. An event about a stored object is encoded once, and every watcher
 * that wants it gets the same bytes.
 */
import type { KubeObject } from '../../kube/object.ts';
import { apiVersionOf } from '../../kube/resource-type.ts';
import type { StatusError } from '../../kube/status-error.ts';
import type { ServedVersion } from '../../resources/definition.ts';
import type { ServedKind } from '../registry/resource-index.ts';
import { shownAs } from '../registry/served-form.ts';
import type { Encoding, Form } from '../http/content-negotiation.ts';
import { DecodedCache, emptyCell, type CacheCell } from '../../store/decoded-cache.ts';
import { jsonText, type Shown } from '../../store/json-text.ts';
import { type IncludeObject, initialEventsEnd, partialMetadata, tableOf } from '../table.ts';

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

export interface EventForm {
  readonly form: Form;
  readonly metaVersion: 'v1' | 'v1beta1';
  readonly includeObject: IncludeObject;
  nowMs(): number;
  readonly framing: EventFraming;
}

/** How an event and its object become bytes of the stream. */
export interface EventFraming {
  readonly contentType: string;
  object(type: string, object: object): Uint8Array;
  /** About an object whose text may be there already. */
  shown(type: string, shown: Shown): Uint8Array;
}

export interface EventEncoder {
  event(type: EventType, shown: Shown): Uint8Array;
  /** `endsInitialEvents`: everything that was there when the watch began has been sent. */
  bookmark(revision: number, endsInitialEvents: boolean): Uint8Array;
  error(error: StatusError): Uint8Array;
}

const line = (type: string, json: string | Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.from(`{"type":"${type}","object":`), typeof json === 'string' ? Buffer.from(json) : json, lineEnd]);
const lineEnd = Buffer.from('}\n');

const jsonLines: EventFraming = {
  contentType: 'application/json',
  object: (type, object) => line(type, JSON.stringify(object)),
  shown: (type, shown) => line(type, jsonText(shown)),
};

export async function eventFramingOf(encoding: Encoding): Promise<EventFraming> {
  return encoding === 'protobuf' ? (await import('../http/protobuf-bodies.ts')).protobufFraming : jsonLines;
}

/** Lines are kept for the watchers that come a little later: those of a change all come at about the same time. */
const sharedBytesMax = 16 * 1024 * 1024;
const shared = new DecodedCache<Uint8Array>(sharedBytesMax);
/** By what it shows, then by the line's type of event. */
const cells = new WeakMap<Shown, Map<string, CacheCell<Uint8Array>>>();

/** `what` separates the lines about one object. Those about what is not stored are not shared. */
function sharedLine(shown: Shown, what: string, make: () => Uint8Array): Uint8Array {
  if (shown.json === undefined) return make();
  const ofShown = cells.get(shown) ?? new Map<string, CacheCell<Uint8Array>>();
  cells.set(shown, ofShown);
  const cell = ofShown.get(what) ?? emptyCell<Uint8Array>();
  ofShown.set(what, cell);
  cell.isUsed = true;
  if (cell.value !== undefined) return cell.value;
  const made = make();
  shared.put(cell, made, made.length);
  return made;
}

export function createEventEncoder(kind: ServedKind, form: EventForm): EventEncoder {
  return form.form === 'table' ? tableEncoder(kind, form) : objectEncoder(kind, form);
}

const errorEvent =
  ({ object }: EventFraming): EventEncoder['error'] =>
  (error) =>
    object('ERROR', error.toStatus());

function objectEncoder({ definition, served }: ServedKind, { form, metaVersion, framing }: EventForm): EventEncoder {
  const isMetadata = form === 'metadata';
  const { contentType } = framing;
  const apiVersion = apiVersionOf(served.type);
  const identity = isMetadata
    ? { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${metaVersion}` }
    : { kind: served.type.kind, apiVersion };
  return {
    event: isMetadata
      ? (event, shown) =>
          sharedLine(shown, `${event} ${metaVersion} ${contentType}`, () =>
            framing.object(event, partialMetadata(definition, shown.object, metaVersion)),
          )
      : (event, shown) => sharedLine(shown, `${event} ${apiVersion} ${contentType}`, () => framing.shown(event, shownAs(served, shown))),
    bookmark(revision, endsInitialEvents) {
      const metadata = bookmarkMetadata(revision, endsInitialEvents);
      return framing.object('BOOKMARK', isMetadata ? { ...identity, metadata } : { ...blankObject(served), metadata });
    },
    error: errorEvent(framing),
  };
}

interface BookmarkMetadata {
  readonly resourceVersion: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What Go prints of an empty object. */
const blankObject = ({ type, schema }: ServedVersion): KubeObject => {
  if (schema.isInline === true) return { kind: type.kind, apiVersion: apiVersionOf(type), metadata: {} };
  const { object } = schema.decode({ kind: type.kind, apiVersion: apiVersionOf(type) }, { hasDefaults: false });
  return { ...object, metadata: {} };
};

function bookmarkMetadata(revision: number, endsInitialEvents: boolean): BookmarkMetadata {
  const metadata = { resourceVersion: String(revision) };
  return endsInitialEvents ? { ...metadata, annotations: { [initialEventsEnd]: 'true' } } : metadata;
}

function tableEncoder(kind: ServedKind, { metaVersion, includeObject, nowMs, framing }: EventForm): EventEncoder {
  let hasColumns = true;
  const table = (objects: readonly KubeObject[], metadata: object): object => {
    const made = tableOf(kind, objects, metadata, { metaVersion, includeObject, nowMs: nowMs(), hasColumns });
    hasColumns = false;
    return made;
  };
  return {
    event: (event, { object }) => framing.object(event, table([object], { resourceVersion: object.metadata.resourceVersion })),
    // A bookmark is a row like any other, of an object in which nothing but its metadata is filled in.
    bookmark: (revision, endsInitialEvents) => {
      const metadata = bookmarkMetadata(revision, endsInitialEvents);
      return framing.object('BOOKMARK', table([{ ...blankObject(kind.served), metadata }], { resourceVersion: metadata.resourceVersion }));
    },
    error: errorEvent(framing),
  };
}
