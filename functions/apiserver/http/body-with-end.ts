/**
 * A body that is passed on as it is read, and reports once when its reading is over: it came to its end, broke off, or its
 * reader left. Reads on only when its reader does.
 */
export function bodyWithEnd(body: ReadableStream<Uint8Array>, ended: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (value !== undefined) controller.enqueue(value);
          if (!done) return;
          ended();
          controller.close();
        } catch (error) {
          // It broke off at its source: so does this one, so the reader learns that it is not the whole.
          ended();
          controller.error(error instanceof Error ? error : new Error(String(error)));
        }
      },
      async cancel(reason) {
        ended();
        await reader.cancel(reason).catch(ignoreBrokenSource);
      },
    },
    { highWaterMark: 0 },
  );
}

/** No reader is left that would want to know that the source broke off. */
function ignoreBrokenSource(reason: unknown): void {
  if (!(reason instanceof Error)) throw new TypeError(String(reason));
}
