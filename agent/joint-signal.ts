/**
 * A signal that is aborted with the first of several. `AbortSignal.any` stays bound to signals that live on: a kilobyte for
 * each call, as long as the agent runs.
 */

export interface JointSignal {
  readonly signal: AbortSignal;
  /** Lets the others go. To be called when the work is done. */
  release(): void;
}

export function jointSignal(...signals: readonly AbortSignal[]): JointSignal {
  const joint = new AbortController();
  const releases = signals.map((signal) => {
    const abort = (): void => joint.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    return () => signal.removeEventListener('abort', abort);
  });
  return { signal: joint.signal, release: () => releases.forEach((release) => release()) };
}
