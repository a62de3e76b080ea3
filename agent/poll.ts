/**
 * The conversation with the apiserver. One request is open all the time: the server holds it until it has something to
 * say. When the node has something to say it ends the held request and asks anew, with it inside.
 *
 *   agent ──poll(since 7)──────────────▶ (held)
 *   agent ──✂ status changed            (the answer, if there was one, is lost: `since` is still 7)
 *   agent ──poll(since 7, pods: […])───▶ answer 9 ──▶ apply, forget the reports that were in the request
 */
import type { NodeStatus, Pod, PodStatus } from '../functions/kube/generated/types.ts';
import { deepEqual } from '../functions/kube/equality.ts';
import type { NodePollRequest, NodePollResponse, PodReport } from '../functions/kube/node-poll.ts';
import { nameOf, namespaceOf, uidOf } from '../functions/kube/object.ts';
import { StatusError } from '../functions/kube/status-error.ts';
import type { Clock, Log, Random } from '../functions/world.ts';

export interface PollTransport {
  /** Throws StatusError for an answer that is not a success, TransportError when there is none. */
  poll(request: NodePollRequest, signal: AbortSignal): Promise<NodePollResponse>;
}

export class TransportError extends Error {
  override name = 'TransportError';
}

export interface PollOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly transport: PollTransport;
  readonly pollSeconds: number;
  /** Takes the answer in. Must not throw for what the server may say. */
  readonly onAnswer: (answer: NodePollResponse) => Promise<void>;
  /** The server knows no such node (any more): make it known. */
  readonly onUnknownNode: () => Promise<void>;
}

export interface PollLoop {
  /** The node's status, to be told when it differs from what was last acknowledged. */
  setStatus(status: NodeStatus): void;
  /** The server wants to hear the node's status although it has not changed. */
  repeatStatus(): void;
  report(pod: Pod, status: PodStatus, finished: boolean): void;
  /** Drops what is not told yet about a pod that is gone. */
  forget(podUid: string): void;
  /** Ever answered since the start. */
  hasAnswered(): boolean;
  run(signal: AbortSignal): Promise<void>;
}

/** Reports that come close together go in one request. */
const gatherMs = 50;
const retryMsMin = 1000;
const retryMsMax = 20_000;
/** What a held request may take on top of the time it may be held. */
const answerSecondsExtra = 15;

interface Said {
  readonly status: PodStatus;
  readonly finished: boolean;
}

export function createPollLoop(options: PollOptions): PollLoop {
  const { clock, log, random } = options;
  const acknowledged = new Map<string, Said>();
  const pending = new Map<string, PodReport>();
  let nodeStatus: NodeStatus | undefined;
  let nodeStatusSaid: NodeStatus | undefined;
  let since: string | undefined;
  let answered = false;
  let held: AbortController | undefined;
  let gathering = false;

  const hasNews = (): boolean => pending.size > 0 || !deepEqual(nodeStatus, nodeStatusSaid);

  /** Ends the held request, a moment later, so that what follows at once goes along. */
  const interrupt = (): void => {
    if (gathering) return;
    gathering = true;
    clock.after(gatherMs, () => {
      gathering = false;
      if (hasNews()) held?.abort(new Error('the node has something to say'));
    });
  };

  const report = (pod: Pod, status: PodStatus, finished: boolean): void => {
    const uid = uidOf(pod);
    const said = acknowledged.get(uid);
    if (said !== undefined && said.finished === finished && deepEqual(said.status, status)) {
      pending.delete(uid);
      return;
    }
    const entry = { namespace: namespaceOf(pod), name: nameOf(pod), uid, status, ...(finished ? { finished } : {}) };
    if (deepEqual(pending.get(uid), entry)) return;
    pending.set(uid, entry);
    interrupt();
  };

  const request = (): NodePollRequest => ({
    ...(since === undefined ? {} : { since }),
    waitSeconds: hasNews() || !answered ? 0 : options.pollSeconds,
    ...(deepEqual(nodeStatus, nodeStatusSaid) || nodeStatus === undefined ? {} : { status: nodeStatus }),
    ...(pending.size === 0 ? {} : { pods: [...pending.values()] }),
  });

  const acknowledge = (sent: NodePollRequest): void => {
    if (sent.status !== undefined) nodeStatusSaid = sent.status;
    for (const entry of sent.pods ?? []) {
      acknowledged.set(entry.uid, { status: entry.status, finished: entry.finished === true });
      // Something newer may have come while the request was under way.
      if (pending.get(entry.uid) === entry) pending.delete(entry.uid);
    }
  };

  const once = async (signal: AbortSignal): Promise<NodePollResponse | undefined> => {
    const sent = request();
    const mayInterrupt = sent.waitSeconds > 0;
    const interruption = new AbortController();
    held = mayInterrupt ? interruption : undefined;
    const timeout = AbortSignal.timeout((sent.waitSeconds + answerSecondsExtra) * 1000);
    try {
      const answer = await options.transport.poll(sent, AbortSignal.any([signal, interruption.signal, timeout]));
      acknowledge(sent);
      return answer;
    } catch (error) {
      if (interruption.signal.aborted && !signal.aborted) return undefined;
      throw error;
    } finally {
      held = undefined;
    }
  };

  const step = async (signal: AbortSignal): Promise<void> => {
    const answer = await once(signal);
    if (answer === undefined) return;
    await options.onAnswer(answer);
    since = answer.revision;
    answered = true;
    if (answer.pollAfterSeconds > 0 && !hasNews()) await napUntilNews(answer.pollAfterSeconds, signal);
  };

  const napUntilNews = async (seconds: number, signal: AbortSignal): Promise<void> => {
    const nap = new AbortController();
    held = nap;
    try {
      await clock.sleep(seconds * 1000, AbortSignal.any([signal, nap.signal]));
    } catch (error) {
      if (!nap.signal.aborted && !signal.aborted) throw error;
    } finally {
      held = undefined;
    }
  };

  /** Answers how long to wait before the next try. */
  const recover = async (error: unknown, failures: number): Promise<number> => {
    if (!(error instanceof Error)) throw error;
    log.warn('the apiserver could not be asked', { error: error.message, failures });
    if (error instanceof StatusError && error.code === 410) since = undefined;
    if (error instanceof StatusError && error.code === 404) await options.onUnknownNode();
    const ceiling = Math.min(retryMsMax, retryMsMin * 2 ** Math.min(failures - 1, 10));
    return retryMsMin + random.next() * (ceiling - retryMsMin);
  };

  return {
    setStatus(status) {
      nodeStatus = status;
      if (hasNews()) interrupt();
    },
    repeatStatus() {
      nodeStatusSaid = undefined;
    },
    report,
    forget(podUid) {
      acknowledged.delete(podUid);
      pending.delete(podUid);
    },
    hasAnswered: () => answered,
    async run(signal) {
      let failures = 0;
      while (!signal.aborted) {
        try {
          await step(signal);
          failures = 0;
        } catch (error) {
          if (signal.aborted) return;
          failures += 1;
          await waitFor(clock, await recoverQuietly(recover, error, failures, log), signal);
        }
      }
    },
  };
}

type Recover = (error: unknown, failures: number) => Promise<number>;

/** Making the node known may fail as well: that is one more reason to wait, not to stop. */
async function recoverQuietly(recover: Recover, error: unknown, failures: number, log: Log): Promise<number> {
  try {
    return await recover(error, failures);
  } catch (second) {
    if (!(second instanceof Error)) throw second;
    log.warn('the node could not be registered', { error: second.message });
    return retryMsMax;
  }
}

async function waitFor(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
