/**
 * What a controller cannot digest keeps nothing else waiting. An object whose reconcile failed too often in a row is set
 * aside: it is tried again when it changes, and now and then. A change on which a watch throws would make it throw each time:
 * the controller reconciles everything in its place. Both are shown by Events, so that `kubectl get events` lists them.
 */
import type { EventRecorder } from '../client/event-recorder.ts';
import { keyText, type KubeObject, type ObjectName } from '../kube/object.ts';
import type { ResourceType } from '../kube/resource-type.ts';
import { readObject, UnreadableObject } from '../kube/unreadable-object.ts';
import type { Change } from '../store/store.ts';
import type { Log } from '../world.ts';
import type { Cache, Controller } from './controller.ts';

/** Failures in a row, over five minutes: longer than most outages of what a controller needs. */
export const triesMax = 16;

/** The reason of the Events. */
export const setAsideReason = 'SetAside';
const messageLengthMax = 900;

export interface SetAsideParts {
  readonly controller: Controller;
  readonly cache: Cache;
  readonly events: EventRecorder;
  readonly log: Log;
  /** Counts each time that an object or a change is set aside. */
  readonly count: (() => void) | undefined;
}

/** `retryMs`: after which it is tried again. */
export function setObjectAside(parts: SetAsideParts, request: ObjectName, error: unknown, retryMs: number): void {
  const { controller, log } = parts;
  log.error('an object is set aside', { object: keyText(request), triesMax, retryMs, error });
  show(parts, watchedObject(parts, request), `${controller.name} cannot reconcile ${keyText(request)}: ${textOf(error)}`);
}

export function setChangeAside(parts: SetAsideParts, change: Change, error: Error): void {
  const { controller, log } = parts;
  const { key, revision } = change;
  log.error('a change is set aside', { ...key, revision, error });
  show(parts, readObject(change), `${controller.name} cannot read revision ${revision} of ${keyText(key)}: ${textOf(error)}`);
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function show({ events, count }: SetAsideParts, object: KubeObject | undefined, message: string): void {
  count?.();
  if (object !== undefined) events.event(object, 'Warning', setAsideReason, message.slice(0, messageLengthMax));
}

function readFrom(cache: Cache, type: ResourceType, at: ObjectName): KubeObject | undefined {
  try {
    return cache.get(type, at);
  } catch (error) {
    if (error instanceof UnreadableObject) return undefined;
    throw error;
  }
}

/** A request names an object without its kind: that of the first kind that the controller watches. */
function watchedObject({ controller, cache }: SetAsideParts, request: ObjectName): KubeObject | undefined {
  for (const { type } of controller.watches) {
    const found = type === 'everything' ? undefined : readFrom(cache, type, request);
    if (found !== undefined) return found;
  }
  return undefined;
}
