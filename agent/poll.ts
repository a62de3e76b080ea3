/**
 * The conversation with the apiserver. One request is open all the time: the server holds it until it has changes to
 * send. When the node has a status to report, it ends the held request and sends a new one with it.
 *
 *   agent ──poll(since 7)──────────────▶ (held)
 *   agent ──✂ status changed            (the answer, if there was one, is lost: `since` is still 7)
 *   agent ──poll(since 7, pods: […])───▶ answer 9 ──▶ apply, forget the reports that were in the request
 */
import type { NodeStatus, Pod, PodStatus } from '../functions/kube/generated/types.ts';
import { deepEqual } from '../functions/kube/equality.ts';
import type { NodePollRequest, NodePollResponse, PodReport } from '../functions/node-protocol/node-poll.ts';
import { nameOf, namespaceOf, uidOf } from '../functions/kube/object.ts';
import { StatusError } from '../functions/kube/status-error.ts';
import type { Clock, Log, Random } from '../functions/world.ts';
import { nodeConditions } from './pods/pod-facts.ts';
import { jointSignal } from './joint-signal.ts';

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
  /** Applies the answer. Must not throw, whatever the server answers. */
  readonly onAnswer: (answer: NodePollResponse) => Promise<void>;
  /** The server knows no such node (any more): make it known. */
  readonly onUnknownNode: () => Promise<void>;
}

export interface PollLoop {
  /** The node's status, which is sent when it differs from what the server last acknowledged. */
  setStatus(status: NodeStatus): void;
  /** The server asks for the node's status although it has not changed. */
  repeatStatus(): void;
  report(pod: Pod, status: PodStatus, finished: boolean): void;
  /** Whether another client changed the pod's status after the server acknowledged the node's report. */
  isOverruled(pod: Pod): boolean;
  /** Drops unsent reports of a pod that is gone. */
  forget(podUid: string): void;
  run(signal: AbortSignal): Promise<void>;
}

/** Reports that come close together go in one request. */
const gatherMs = 50;
const retryMsMin = 1000;
const retryMsMax = 20_000;
/** What a held request may take on top of the time it may be held. */
const answerSecondsExtra = 15;

interface Acknowledged {
  readonly status: PodStatus;
  readonly finished: boolean;
}

/** Whether both have the same phase and the same conditions of the node; their timestamps do not matter. */
const isSameVerdict = (own: PodStatus, other: PodStatus | undefined): boolean =>
  own.phase === other?.phase &&
  (own.conditions ?? []).every(
    ({ type, status }) => !nodeConditions.has(type) || other?.conditions?.find((condition) => condition.type === type)?.status === status,
  );

export function createPollLoop(options: PollOptions): PollLoop {
  return new Poll(options);
}

class Poll implements PollLoop {
  readonly #options: PollOptions;
  readonly #acknowledged = new Map<string, Acknowledged>();
  readonly #pending = new Map<string, PodReport>();
  #nodeStatus: NodeStatus | undefined;
  #nodeStatusSent: NodeStatus | undefined;
  #since: string | undefined;
  #answered = false;
  /** Ends the held request, or the pause before the next one. */
  #held: AbortController | undefined;
  #gathering = false;

  constructor(options: PollOptions) {
    this.#options = options;
  }

  setStatus(status: NodeStatus): void {
    this.#nodeStatus = status;
    if (this.#hasNews()) this.#interrupt();
  }

  repeatStatus(): void {
    this.#nodeStatusSent = undefined;
  }

  report(pod: Pod, status: PodStatus, finished: boolean): void {
    const uid = uidOf(pod);
    const acknowledged = this.#acknowledged.get(uid);
    if (acknowledged !== undefined && acknowledged.finished === finished && deepEqual(acknowledged.status, status)) {
      this.#pending.delete(uid);
      return;
    }
    const entry = { namespace: namespaceOf(pod), name: nameOf(pod), uid, status, ...(finished ? { finished } : {}) };
    if (deepEqual(this.#pending.get(uid), entry)) return;
    this.#pending.set(uid, entry);
    this.#interrupt();
  }

  isOverruled(pod: Pod): boolean {
    const acknowledged = this.#acknowledged.get(uidOf(pod));
    return acknowledged !== undefined && !this.#pending.has(uidOf(pod)) && !isSameVerdict(acknowledged.status, pod.status);
  }

  forget(podUid: string): void {
    this.#acknowledged.delete(podUid);
    this.#pending.delete(podUid);
  }

  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#step(signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        await this.#pause(await this.#recover(error, failures), signal);
      }
    }
  }

  #hasStatusNews(): boolean {
    return this.#nodeStatus !== undefined && !deepEqual(this.#nodeStatus, this.#nodeStatusSent);
  }

  #hasNews(): boolean {
    return this.#pending.size > 0 || this.#hasStatusNews();
  }

  /** Ends the held request, a moment later, so that what follows at once goes along. */
  #interrupt(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    this.#options.clock.after(gatherMs, () => {
      this.#gathering = false;
      if (this.#hasNews()) this.#held?.abort(new Error('the node has something to say'));
    });
  }

  #request(): NodePollRequest {
    return {
      ...(this.#since === undefined ? {} : { since: this.#since }),
      waitSeconds: this.#hasNews() || !this.#answered ? 0 : this.#options.pollSeconds,
      ...(this.#hasStatusNews() ? { status: this.#nodeStatus } : {}),
      ...(this.#pending.size === 0 ? {} : { pods: [...this.#pending.values()] }),
    };
  }

  #acknowledge(sent: NodePollRequest): void {
    if (sent.status !== undefined) this.#nodeStatusSent = sent.status;
    for (const entry of sent.pods ?? []) {
      // Something newer may have come while the request was under way, or the pod is gone.
      if (this.#pending.get(entry.uid) !== entry) continue;
      this.#acknowledged.set(entry.uid, { status: entry.status, finished: entry.finished === true });
      this.#pending.delete(entry.uid);
    }
  }

  /** Undefined: the node interrupted it. */
  async #ask(signal: AbortSignal): Promise<NodePollResponse | undefined> {
    const sent = this.#request();
    const interruption = new AbortController();
    // The server answers a request that carries reports at once; ending it would only send them twice.
    if (sent.waitSeconds > 0) this.#held = interruption;
    const timeout = new AbortController();
    const cancel = this.#options.clock.after((sent.waitSeconds + answerSecondsExtra) * 1000, () =>
      timeout.abort(new TransportError('the apiserver did not answer in time')),
    );
    const joint = jointSignal(signal, interruption.signal, timeout.signal);
    try {
      const answer = await this.#options.transport.poll(sent, joint.signal);
      if (answer.unfinished !== true) this.#acknowledge(sent);
      return answer;
    } catch (error) {
      if (interruption.signal.aborted && !signal.aborted) return undefined;
      throw error;
    } finally {
      cancel();
      joint.release();
      this.#held = undefined;
    }
  }

  async #step(signal: AbortSignal): Promise<void> {
    const answer = await this.#ask(signal);
    if (answer === undefined) return;
    await this.#options.onAnswer(answer);
    if (answer.unfinished === true) return;
    this.#since = answer.revision;
    this.#answered = true;
    if (answer.pollAfterSeconds === 0 || this.#hasNews()) return;
    this.#held = new AbortController();
    const joint = jointSignal(signal, this.#held.signal);
    await this.#pause(answer.pollAfterSeconds * 1000, joint.signal);
    joint.release();
    this.#held = undefined;
  }

  /** Answers how long to wait before the next try. */
  async #recover(error: unknown, failures: number): Promise<number> {
    if (!(error instanceof Error)) throw error;
    const { log, random } = this.#options;
    log.warn('the apiserver could not be asked', { error: error.message, failures });
    if (error instanceof StatusError && error.code === 410) this.#since = undefined;
    if (error instanceof StatusError && error.code === 404) await this.#makeKnown();
    const ceiling = Math.min(retryMsMax, retryMsMin * 2 ** Math.min(failures - 1, 10));
    return retryMsMin + random.next() * (ceiling - retryMsMin);
  }

  /** Registering the node may fail too; the loop then waits and tries again. */
  async #makeKnown(): Promise<void> {
    try {
      await this.#options.onUnknownNode();
      this.repeatStatus();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#options.log.warn('the node could not be registered', { error: error.message });
    }
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.clock.sleep(ms, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
