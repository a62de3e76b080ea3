/** Shows steps as they happen: a tick each on a terminal, a line each elsewhere. */
import { styleText } from 'node:util';

export interface Progress {
  /** Runs a step and shows how it ended. What it returns is returned. */
  step<T>(title: string, work: () => Promise<T>): Promise<T>;
  /** Something worth knowing, in one sentence. */
  note(text: string): void;
}

type Stream = Pick<NodeJS.WriteStream, 'write' | 'isTTY'>;

const seconds = (startMs: number): string => {
  const elapsed = (performance.now() - startMs) / 1000;
  return elapsed < 0.1 ? '' : ` (${elapsed.toFixed(1)} s)`;
};

export function terminalProgress(stream: Stream): Progress {
  const mark = (format: Parameters<typeof styleText>[0], text: string): string => (stream.isTTY ? styleText(format, text) : text);
  return {
    async step(title, work) {
      const start = performance.now();
      if (stream.isTTY) stream.write(`${mark('dim', '·')} ${title} ...`);
      const finish = (symbol: string): void =>
        void stream.write(`${stream.isTTY ? '\r\u001b[2K' : ''}${symbol} ${title}${seconds(start)}\n`);
      try {
        const result = await work();
        finish(mark('green', '✓'));
        return result;
      } catch (error) {
        finish(mark('red', '✗'));
        throw error;
      }
    },
    note: (text) => void stream.write(`${mark('dim', 'i')} ${text}\n`),
  };
}

/** What a detached cluster reports to the command that started it. */
export type ProgressMessage =
  | { readonly kind: 'step'; readonly title: string; readonly id: number }
  | { readonly kind: 'done'; readonly id: number }
  | { readonly kind: 'failed'; readonly id: number }
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'ready' }
  | { readonly kind: 'error'; readonly message: string; readonly cure?: string };

export function reportingProgress(send: (message: ProgressMessage) => void): Progress {
  let steps = 0;
  return {
    async step(title, work) {
      const id = steps++;
      send({ kind: 'step', title, id });
      try {
        const result = await work();
        send({ kind: 'done', id });
        return result;
      } catch (error) {
        send({ kind: 'failed', id });
        throw error;
      }
    },
    note: (text) => send({ kind: 'note', text }),
  };
}
