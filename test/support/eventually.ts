/** Waits for a state of the world, not for a moment in time. */
const pollMs = 200;

/** Repeats `check` until it returns (any value) without throwing; then returns that. Throws the last failure after the limit. */
export async function eventually<T>(check: () => Promise<T> | T, limitMs = 60_000): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }
}
