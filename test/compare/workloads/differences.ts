/** Where two outcomes of one scenario differ: one line each, upstream's part before the arrow. */
import type { Event } from '../../../functions/kube/generated/types.ts';
import type { JsonObject, KubeObject } from '../../../functions/kube/object.ts';
import { pathsBetween } from '../judge/differences.ts';
import { normalObject, normalText, type Rename } from './normalise.ts';
import type { Outcome } from './run-scenario.ts';

export interface Judged {
  readonly outcome: Outcome;
  readonly rename: Rename;
}

const keyOf = (object: JsonObject): string => {
  const { kind, metadata } = object as unknown as KubeObject;
  return `${kind ?? ''}/${metadata.name}`;
};

function objectsByKey({ outcome, rename }: Judged): Map<string, JsonObject[]> {
  const groups = new Map<string, JsonObject[]>();
  for (const object of outcome.objects.map((one: KubeObject) => normalObject(one, rename))) {
    const key = keyOf(object);
    groups.set(key, [...(groups.get(key) ?? []), object]);
  }
  for (const group of groups.values()) group.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return groups;
}

function eventText(event: Event, rename: Rename): string {
  const { involvedObject, type, reason, message, source, reportingComponent } = event;
  const component = source?.component ?? reportingComponent ?? '';
  const name = normalText(`${involvedObject.kind}/${involvedObject.name}`, rename);
  const path = involvedObject.fieldPath === undefined ? '' : ` at ${involvedObject.fieldPath}`;
  return `${component}: ${type} ${reason} ${name}${path}: ${normalText(message ?? '', rename)}`;
}

/** How often each event was reported. */
function eventCounts({ outcome, rename }: Judged): Map<string, number> {
  const counts = new Map<string, number>();
  for (const event of outcome.events) {
    const text = eventText(event, rename);
    counts.set(text, (counts.get(text) ?? 0) + (event.series?.count ?? event.count ?? 1));
  }
  return counts;
}

export function differencesOf(upstream: Judged, ours: Judged): readonly string[] {
  const found: string[] = [];
  const [theirs, own] = [objectsByKey(upstream), objectsByKey(ours)];
  for (const key of new Set([...theirs.keys(), ...own.keys()].toSorted())) {
    const [a, b] = [theirs.get(key) ?? [], own.get(key) ?? []];
    if (a.length !== b.length) found.push(`${key}: ${a.length} of them → ${b.length}`);
    else found.push(...a.flatMap((object, index) => [...pathsBetween(object, b[index], '')].map((path) => `${key}: ${path}`)));
  }
  const [their, our] = [eventCounts(upstream), eventCounts(ours)];
  for (const text of new Set([...their.keys(), ...our.keys()].toSorted())) {
    const [a, b] = [their.get(text) ?? 0, our.get(text) ?? 0];
    if (a !== b) found.push(`event ${text}: ${a} times → ${b}`);
  }
  const missed = new Set([...upstream.outcome.missed, ...ours.outcome.missed]);
  for (const text of missed) {
    const [a, b] = [upstream.outcome.missed.includes(text), ours.outcome.missed.includes(text)];
    if (a !== b) found.push(`missed by ${a ? 'upstream' : 'us'}: ${text}`);
  }
  return [...new Set(found)];
}
