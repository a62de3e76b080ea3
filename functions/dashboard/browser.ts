/** What the dashboard takes from its browser: the time, and waiting. */

export const nowMs = (): number => Date.now();

/** Returns how to cancel it. */
export function after(ms: number, work: () => void): () => void {
  const timer = setTimeout(work, ms);
  return () => clearTimeout(timer);
}

/** Resolves early when the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = after(ms, resolve);
    signal.addEventListener(
      'abort',
      () => {
        cancel();
        resolve();
      },
      { once: true },
    );
  });
}

/** The address of the API, which serves this page below `/ui/`: '' or the path of one of several clusters. */
export const apiBase = (): string => location.pathname.split('/ui/', 1)[0] ?? '';
