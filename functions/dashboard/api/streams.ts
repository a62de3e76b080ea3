/**
 * Answers that last. A browser opens six connections to a host, so at most four of them are streams; the next one waits
 * until another has ended.
 */
import { ask, type Ask } from './request.ts';

const streamsMax = 4;
let open = 0;
const waiting: (() => void)[] = [];

async function hold(signal: AbortSignal): Promise<() => void> {
  while (open >= streamsMax && !signal.aborted) await new Promise<void>((resolve) => waiting.push(resolve));
  open += 1;
  return () => {
    open -= 1;
    waiting.shift()?.();
  };
}

/** Calls `onLine` with each line of the answer, until it ends or the signal aborts. */
export async function streamLines(
  path: string,
  options: Ask & { readonly signal: AbortSignal },
  onLine: (line: string) => void,
): Promise<void> {
  const release = await hold(options.signal);
  try {
    if (options.signal.aborted) return;
    const { body } = await ask(path, options);
    if (body !== null) await readLines(body, onLine);
  } finally {
    release();
  }
}

async function readLines(body: ReadableStream<Uint8Array<ArrayBuffer>>, onLine: (line: string) => void): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = (rest + part.value).split('\n');
    rest = lines.pop() ?? '';
    lines.filter((line) => line !== '').forEach(onLine);
  }
  if (rest !== '') onLine(rest);
}
