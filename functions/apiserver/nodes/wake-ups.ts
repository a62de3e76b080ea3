/**
 * The polls that wait for news, and when they are woken. One listener on the store serves every waiting node. What concerns a
 * node's own pods wakes it at once; what the whole cluster hears of is gathered for a moment, since it comes in bursts;
 * a Node's heartbeat wakes no poll and travels with the next answer.
 */
import type { Change, Store } from '../../store/store.ts';
import { groupResource, networkPolicies } from '../../kube/resource-type.ts';
import type { Cancel, Clock } from '../../world.ts';
import { concernsNode, isShared, nodeShape } from './node-changes.ts';
import type { PodsOfNode } from './pods-of-node.ts';
import type { PolicyNews } from './policy-news.ts';

export interface WakeUps {
  /** Hears of news for the node, and of the signal, from now on. */
  listen(nodeName: string, signal: AbortSignal): Listening;
  /** For news that are not in the store. */
  wake(nodeName: string): void;
}

export interface Listening {
  /** Resolves when there may have been news since listening began, or after this time. */
  atMost(waitMs: number): Promise<void>;
  stop(): void;
}

interface Waiter {
  readonly nodeName: string;
  readonly wake: () => void;
}

const policyResource = groupResource(networkPolicies);
const gatherMs = 50;

export interface WakeUpOptions {
  readonly store: Pick<Store, 'onApplied'>;
  readonly podsOfNode: PodsOfNode;
  readonly clock: Pick<Clock, 'after'>;
  /** Undefined until there are policies. */
  readonly policies: () => Pick<PolicyNews, 'concerns'> | undefined;
}

export function createWakeUps({ store, podsOfNode, clock, policies }: WakeUpOptions): WakeUps {
  const waiters = new Set<Waiter>();
  const shapes = new Map<string, string>();
  let gathering: Cancel | undefined;

  function wakeWhere(whom: (waiter: Waiter) => boolean): void {
    for (const waiter of [...waiters].filter(whom)) {
      waiters.delete(waiter);
      waiter.wake();
    }
  }

  function isNews(change: Change): boolean {
    const shape = nodeShape(change);
    if (shape === undefined) return isShared(change);
    const before = shapes.get(change.key.name);
    if (change.type === 'deleted') shapes.delete(change.key.name);
    else shapes.set(change.key.name, shape);
    return before !== shape;
  }

  store.onApplied((_revision, changes) => {
    // Shapes are kept up to date even while no poll waits.
    const news = changes.filter(isNews).length > 0;
    const own = changes.filter((change) => !isShared(change));
    const concerns = (change: Change, nodeName: string): boolean =>
      concernsNode(change, nodeName, podsOfNode) ||
      (change.damage === undefined && (policies()?.concerns(change, nodeName) ?? change.key.resource === policyResource));
    if (own.length > 0) wakeWhere(({ nodeName }) => own.some((change) => concerns(change, nodeName)));
    if (!news || waiters.size === 0) return;
    gathering ??= clock.after(gatherMs, () => {
      gathering = undefined;
      wakeWhere(() => true);
    });
  });

  return {
    listen(nodeName, signal) {
      const heard = Promise.withResolvers<void>();
      const waiter = { nodeName, wake: () => heard.resolve() };
      let cancel: Cancel = () => undefined;
      waiters.add(waiter);
      signal.addEventListener('abort', waiter.wake, { once: true });
      return {
        atMost(waitMs) {
          cancel = clock.after(waitMs, waiter.wake);
          return heard.promise;
        },
        stop() {
          cancel();
          waiters.delete(waiter);
          signal.removeEventListener('abort', waiter.wake);
        },
      };
    },
    wake: (nodeName) => wakeWhere((waiter) => waiter.nodeName === nodeName),
  };
}
