/**
 * Reports to a node's agent, through the log, that a client waits. Each poll reads the log anyway. So whichever process holds
 * it learns of a client within a second, and a quiet cluster asks nothing more. What waited before is forgotten with the
 * next change; a node's name is all that is searched for, so an answer that gets lost is given again.
 */
import type { KubeObject } from '../../kube/object.ts';
import type { RelayRequest } from '../../node-protocol/node-poll.ts';
import { StatusError } from '../../kube/status-error.ts';
import { readObject } from '../../kube/unreadable-object.ts';
import type { Key, View } from '../../kube/view.ts';
import type { Change, Operation } from '../../store/store.ts';

/** The API serves no such resource. */
const key: Key = { resource: 'relays.agent.hibernetes.dev', namespace: '', name: 'waiting' };

export interface WaitingRelay {
  readonly nodeName: string;
  readonly request: RelayRequest;
  /** Later it is not worth fetching. */
  readonly untilMs: number;
}

/** The last one is the newest. */
interface WaitingRelays extends KubeObject {
  waiting: readonly WaitingRelay[];
}

/** How long an agent has to hear of it: longer than the pause between two polls that are not held. */
export const waitingMsMax = 30_000;
/** After this, agents that cannot be held are asked to come seldom again. */
const recentMs = 60_000;
const waitingOfNodeMax = 50;
const waitingInAllMax = 500;

const listed = (object: KubeObject | undefined): readonly WaitingRelay[] => (object as WaitingRelays | undefined)?.waiting ?? [];

const ofNode = (view: View, nodeName: string): readonly WaitingRelay[] =>
  listed(readObject(view.get(key))).filter((waiting) => waiting.nodeName === nodeName);

const tooMany = (nodeName: string): StatusError =>
  new StatusError(429, 'TooManyRequests', `too many connections wait for node "${nodeName}", please try again later`, {
    details: { retryAfterSeconds: 1 },
  });

/** Puts it on the list, and takes off what has waited too long. Refuses when too many wait already. */
export function announce(wanted: WaitingRelay, nowMs: number): Operation<void> {
  return {
    keys: [key],
    decide(view) {
      const current = view.get(key);
      const others = listed(readObject(current)).filter(({ untilMs }) => untilMs > nowMs);
      const ofSameNode = others.filter(({ nodeName }) => nodeName === wanted.nodeName).length;
      if (ofSameNode >= waitingOfNodeMax || others.length >= waitingInAllMax) return { outcome: 'refuse', error: tooMany(wanted.nodeName) };
      const object: WaitingRelays = {
        apiVersion: 'agent.hibernetes.dev/v1',
        kind: 'WaitingRelays',
        metadata: { name: key.name },
        waiting: [...others, wanted],
      };
      return { outcome: 'write', writes: [{ type: current === undefined ? 'create' : 'update', key, object }], answer: () => undefined };
    },
  };
}

/** Whether a client began to wait for the node with this change. */
export const isAnnouncedTo = (change: Pick<Change, 'key' | 'object'>, nodeName: string): boolean =>
  change.key.resource === key.resource && listed(readObject(change)).at(-1)?.nodeName === nodeName;

/** All that the node's agent may still fetch; some of it may have been fetched. */
export const waitingOf = (view: View, nodeName: string, nowMs: number): readonly RelayRequest[] =>
  ofNode(view, nodeName).flatMap(({ untilMs, request }) => (untilMs > nowMs ? [request] : []));

/** Whether a client waited for the node lately: others may soon. */
export const isSoughtAfter = (view: View, nodeName: string, nowMs: number): boolean =>
  ofNode(view, nodeName).some(({ untilMs }) => untilMs - waitingMsMax + recentMs > nowMs);
