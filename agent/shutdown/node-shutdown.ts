/**
 * A machine that is going down ends its pods first: the critical ones last, each for as long as it may take. The node is not
 * ready meanwhile and takes no pods. Source: pkg/kubelet/nodeshutdown/nodeshutdown_manager.go, nodeshutdown_manager_linux.go
 */
import type { Pod } from '../../functions/kube/generated/types.ts';
import { uidOf } from '../../functions/kube/object.ts';
import type { World } from '../../functions/world.ts';
import { isCritical } from '../eviction/ranking.ts';
import { graceWithin, type NodeEnding } from '../pods/node-ending.ts';
import { isTerminalPhase } from '../pods/pod-facts.ts';

/** Reports that the machine goes down, and keeps it up until it is released. */
export interface ShutdownDelay {
  /** Holds the machine up from now on. Resolves when the signal aborts; rejects when the machine can no longer be asked. */
  watch(onChange: (isGoingDown: boolean) => void, signal: AbortSignal): Promise<void>;
  /** Lets it go down. */
  release(): void;
}

export interface EndablePods {
  all(): readonly Pod[];
  end(podUid: string, ending: NodeEnding): void;
  hasEnded(podUid: string): boolean;
}

export interface NodeShutdownOptions {
  readonly world: World;
  readonly pods: EndablePods;
  readonly delay: ShutdownDelay;
  readonly graceSeconds: number;
  /** The part of it for critical pods. */
  readonly criticalSeconds: number;
  /** An event of the node. */
  readonly onEvent: (message: string) => void;
}

export interface NodeShutdown {
  isShuttingDown(): boolean;
  run(signal: AbortSignal): Promise<void>;
}

const message = 'Pod was terminated in response to imminent node shutdown.';
const askMs = 500;
/** For the last statuses to reach the API. */
const reportMs = 2000;
const retryMs = 10_000;

interface Group {
  readonly pods: readonly Pod[];
  readonly seconds: number;
}

export function shutdownGroups(pods: readonly Pod[], graceSeconds: number, criticalSeconds: number): readonly Group[] {
  const groups = [
    { pods: pods.filter((pod) => !isCritical(pod)), seconds: graceSeconds - criticalSeconds },
    { pods: pods.filter(isCritical), seconds: criticalSeconds },
  ];
  return groups.filter((group) => group.pods.length > 0);
}

export function createNodeShutdown(options: NodeShutdownOptions): NodeShutdown {
  const { world, pods, delay, graceSeconds, criticalSeconds, onEvent } = options;
  let isGoingDown = false;

  const endGroup = async ({ pods: group, seconds }: Group, signal: AbortSignal): Promise<void> => {
    for (const pod of group) pods.end(uidOf(pod), { reason: 'Terminated', message, graceSeconds: graceWithin(pod, seconds) });
    const untilMs = world.clock.monotonicMs() + seconds * 1000;
    while (group.some((pod) => !pods.hasEnded(uidOf(pod))) && world.clock.monotonicMs() < untilMs) await world.clock.sleep(askMs, signal);
  };

  const goDown = async (signal: AbortSignal): Promise<void> => {
    try {
      const running = pods.all().filter(({ status }) => !isTerminalPhase(status?.phase));
      for (const group of shutdownGroups(running, graceSeconds, criticalSeconds)) await endGroup(group, signal);
      await world.clock.sleep(reportMs, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      delay.release();
    }
  };

  const onChange = (isNow: boolean, signal: AbortSignal): void => {
    if (isNow === isGoingDown) return;
    isGoingDown = isNow;
    onEvent(isNow ? 'Shutdown manager detected shutdown event' : 'Shutdown manager detected shutdown cancellation');
    if (isNow) goDown(signal).catch((error: unknown) => world.log.error('pods could not be ended before the shutdown', { error }));
  };

  return {
    isShuttingDown: () => isGoingDown,
    async run(signal) {
      while (!signal.aborted) {
        try {
          await delay.watch((isNow) => onChange(isNow, signal), signal);
        } catch (error) {
          if (!(error instanceof Error)) throw error;
          world.log.warn('the machine cannot be asked to wait for its pods when it goes down', { error: error.message });
        }
        if (!signal.aborted) await world.clock.sleep(retryMs, signal).catch(() => {});
      }
    },
  };
}
