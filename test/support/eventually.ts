/** Waits for a state of the world, not for a moment in time. */
const pollMs = 200;
/** Ends a wait for what does not come. It is no limit of how long anything may take: machines differ. */
const patienceMs = 240_000;

/** Repeats `check` until it returns (any value) without throwing; then returns that. Throws the last failure after the limit; what is known to be slower has its own. */
export async function eventually<T>(check: () => Promise<T> | T, limitMs = patienceMs): Promise<T> {
  const deadlineMs = performance.now() + limitMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }
}
