/**
 * The node poll: what an agent reports goes into the store, and the answer brings what it should do. Nothing is remembered
 * between two polls. Without news the answer is held. So a change reaches the node without delay, and a quiet cluster asks
 * little.
 */
import { groupResource, networkPolicies, nodes } from '../../kube/resource-type.ts';
import type { Node } from '../../kube/generated/types.ts';
import type { NodePollRequest, NodePollResponse } from '../../node-protocol/node-poll.ts';
import { readObject } from '../../kube/unreadable-object.ts';
import type { View } from '../../kube/view.ts';
import type { Change, Store } from '../../store/store.ts';
import { StoreError } from '../../store/store.ts';
import type { World } from '../../world.ts';
import type { RelayHub } from '../relay/relay-hub.ts';
import { listeningNodes } from '../tunnel/listening-nodes.ts';
import { isAnnouncedTo, isSoughtAfter, waitingOf } from '../relay/waiting-relays.ts';
import { isUnreadableNews, nodeDelta, nodeSnapshot, unreadableFor } from './node-changes.ts';
import type { NodeDelta } from './node-changes.ts';
import type { NodeReports } from './node-reports.ts';
import type { PodsOfNode } from './pods-of-node.ts';
import type { PolicyNews } from './policy-news.ts';
import { createWakeUps } from './wake-ups.ts';

export interface NodePoll {
  poll(nodeName: string, request: NodePollRequest, signal: AbortSignal): Promise<NodePollResponse>;
}

export interface NodePollOptions extends Pick<World, 'clock'> {
  readonly store: Store;
  readonly podsOfNode: PodsOfNode;
  readonly reports: NodeReports;
  readonly hub: RelayHub;
  /** How long this host can hold an answer without paying for it. 0: not at all. */
  readonly holdSecondsMax?: number;
  /** Tunnels go by mail: nodes that webhooks run on are asked to listen. */
  readonly isByMail?: boolean;
}

const policyResource = groupResource(networkPolicies);
const holdSeconds = 30;
/** More changes than this are cheaper to hear as a snapshot. */
const changesMax = 5_000;
/** Where answers cannot be held: soon while something moves on the node or is asked of it, seldom while nothing does. */
const movingSeconds = 1;
const quietSeconds = 20;
/** A relay that the agent has not fetched is announced again: see the hub. */
const relayRepeatMs = 2_000;
/** A report that takes longer may wait for a webhook, which may be a pod of the node that reports. */
const reportMs = 500;

/** Undefined: writing the report takes longer than a client may wait for its connection through this node. */
async function unlessNeeded<T>(reported: Promise<T>, isAsked: () => boolean, clock: NodePollOptions['clock']): Promise<T | undefined> {
  const needed = Promise.withResolvers<undefined>();
  const check = (): void => {
    if (isAsked()) needed.resolve(undefined);
    else cancel = clock.after(reportMs, check);
  };
  let cancel = clock.after(reportMs, check);
  try {
    return await Promise.race([reported, needed.promise]);
  } finally {
    cancel();
    // Its failure is reported by the poll that sends the same again.
    reported.catch(() => undefined);
  }
}

/** Holds nothing but the clients that wait for a connection. */
function unfinished(since: string, relays: NodePollResponse['relays']): NodePollResponse {
  return { revision: since, snapshot: false, objects: [], gone: [], relays, pollAfterSeconds: 0, unfinished: true };
}

export function createNodePoll(options: NodePollOptions): NodePoll {
  const { store, podsOfNode, reports, hub, clock, holdSecondsMax = holdSeconds, isByMail = false } = options;
  const listening = listeningNodes();
  const policies = lazyPolicies(store, podsOfNode);
  const wakeUps = createWakeUps({ store, podsOfNode, clock, policies: policies.loaded });
  hub.onAsked((nodeName) => wakeUps.wake(nodeName));

  const waitingFor = (nodeName: string): NodePollResponse['relays'] => waitingOf(store.view(), nodeName, clock.now());
  const asked = (nodeName: string): NodePollResponse['relays'] => [...hub.pending(nodeName), ...waitingFor(nodeName)];

  function answer(nodeName: string, part: Pick<NodePollResponse, 'revision' | 'snapshot'> & NodeDelta): NodePollResponse {
    const [view, nowMs] = [store.view(), clock.now()];
    const isBusy = (): boolean => isMoving(podsOfNode, nodeName) || isSoughtAfter(view, nodeName, nowMs);
    const pollAfterSeconds = holdSecondsMax > 0 ? 0 : isBusy() ? movingSeconds : quietSeconds;
    const { revision, snapshot, objects, gone } = part;
    const relays = asked(nodeName);
    const wantsStatus = isUnknown(view, nodeName) ? { wantsStatus: true } : {};
    const listens = isByMail && listening(view).has(nodeName) ? { listens: true } : {};
    return { revision, snapshot, objects, gone, relays, pollAfterSeconds, ...wantsStatus, ...listens };
  }

  async function snapshot(nodeName: string): Promise<NodePollResponse> {
    const rules = await policies.after([]);
    const view = store.view();
    const objects = [...nodeSnapshot(nodeName, { podsOfNode, view }), ...(rules?.snapshot(nodeName) ?? [])];
    const whole = answer(nodeName, { revision: String(view.revision), snapshot: true, objects, gone: [] });
    return { ...whole, ...unreadablePart(nodeName, { podsOfNode, view }) };
  }

  async function hold(
    nodeName: string,
    since: number,
    until: { readonly ms: number; readonly signal: AbortSignal },
  ): Promise<NodePollResponse> {
    for (let from = since; ;) {
      // Listening begins before reading: what comes in between is heard twice rather than never.
      const news = wakeUps.listen(nodeName, until.signal);
      try {
        const reached = store.view().revision;
        const changes = await changesSince(store, from);
        if (changes === undefined || changes.some(isUnreadableNews)) return await snapshot(nodeName);
        const rules = await policies.after(changes);
        const delta = joined(nodeDelta(nodeName, changes, { podsOfNode, view: store.view() }), rules?.delta(nodeName, changes));
        from = Math.max(from, reached, changes.at(-1)?.revision ?? 0);
        const leftMs = until.ms - clock.monotonicMs();
        const isAsked = hub.isUrgent(nodeName) || changes.some((change) => isAnnouncedTo(change, nodeName));
        const isNews = delta.objects.length > 0 || delta.gone.length > 0 || isAsked;
        if (isNews || leftMs <= 0 || until.signal.aborted) return answer(nodeName, { revision: String(from), snapshot: false, ...delta });
        await news.atMost(hub.hasPending(nodeName) ? Math.min(leftMs, relayRepeatMs) : leftMs);
      } finally {
        news.stop();
      }
    }
  }

  return {
    async poll(nodeName, request, signal) {
      const since = Number(request.since ?? 'none');
      const hasCaughtUp = await catchUp(store, since, request);
      const reported = Promise.all([
        reports.heartbeat(nodeName),
        request.status === undefined ? undefined : reports.nodeStatus(nodeName, request.status),
        reports.podReports(nodeName, request.pods ?? []),
      ]);
      const isKnown = new Set(waitingFor(nodeName).map(({ id }) => id));
      const isAsked = (): boolean => hub.hasPending(nodeName) || waitingFor(nodeName).some(({ id }) => !isKnown.has(id));
      const taken = await unlessNeeded(reported, isAsked, clock);
      if (taken === undefined) return unfinished(request.since ?? '', asked(nodeName));
      const [isCurrent] = taken;
      // What was appended to the log is newer than all that was there: asking again would bring no more.
      const { revision } = isCurrent || hasCaughtUp ? store.view() : await store.fresh();
      // A revision that is yet to come is another cluster's.
      if (!Number.isSafeInteger(since) || since < 0 || since > revision) return snapshot(nodeName);
      const waitSeconds = isUnknown(store.view(), nodeName) ? 0 : Math.min(request.waitSeconds, holdSecondsMax, holdSeconds);
      return hold(nodeName, since, { ms: clock.monotonicMs() + Math.max(0, waitSeconds) * 1000, signal });
    },
  };
}

function unreadablePart(nodeName: string, source: Parameters<typeof unreadableFor>[1]): Pick<NodePollResponse, 'unreadable'> {
  const unreadable = unreadableFor(nodeName, source);
  return unreadable.length === 0 ? {} : { unreadable };
}

const isMoving = (podsOfNode: PodsOfNode, nodeName: string): boolean =>
  podsOfNode.list(nodeName).some(({ metadata, status }) => metadata.deletionTimestamp !== undefined || status?.phase === 'Pending');

/** The node may have heard of pods from another process. One that has not read of them yet would drop their reports. */
async function catchUp(store: Pick<Store, 'fresh' | 'view'>, since: number, { status, pods = [] }: NodePollRequest): Promise<boolean> {
  const hasReports = status !== undefined || pods.length > 0;
  const isBehind = hasReports && !(since <= store.view().revision);
  if (isBehind) await store.fresh();
  return isBehind;
}

interface LazyPolicies {
  readonly loaded: () => PolicyNews | undefined;
  /** Undefined where there are no policies, and these changes are of none. */
  after(changes: readonly Change[]): Promise<PolicyNews | undefined>;
}

/** Read when the first policy is there. */
function lazyPolicies(store: Pick<Store, 'view'>, podsOfNode: PodsOfNode): LazyPolicies {
  let news: PolicyNews | undefined;
  return {
    loaded: () => news,
    async after(changes) {
      const isNeeded = changes.some(({ key }) => key.resource === policyResource) || store.view().list(policyResource).length > 0;
      if (isNeeded) news ??= (await import('./policy-news.ts')).createPolicyNews({ view: () => store.view(), podsOfNode });
      return news;
    },
  };
}

/** The controllers gave the node up while its agent believed its status to be known. */
function isUnknown(view: View, nodeName: string): boolean {
  const node = readObject(view.get({ resource: groupResource(nodes), namespace: '', name: nodeName })) as Node | undefined;
  return node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'Unknown') === true;
}

const joined = (one: NodeDelta, other: NodeDelta = { objects: [], gone: [] }): NodeDelta => ({
  objects: [...one.objects, ...other.objects],
  gone: [...one.gone, ...other.gone],
});

/** Undefined: too long ago, or too many. */
async function changesSince(store: Pick<Store, 'changesAfter'>, since: number): Promise<readonly Change[] | undefined> {
  try {
    const changes = await store.changesAfter(since, changesMax);
    return changes.length < changesMax ? changes : undefined;
  } catch (error) {
    if (error instanceof StoreError && error.code === 'compacted') return undefined;
    throw error;
  }
}
