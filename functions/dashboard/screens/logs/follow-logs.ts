/**
 * Reads the logs of many containers and goes on. A few are followed by a stream each; where there are more than the browser's
 * streams, each is asked again and again for what came since.
 */
import type { Pod } from '../../../kube/generated/types.ts';
import { nameOf, namespaceOf } from '../../../kube/object.ts';
import { type Kind, pathOf } from '../../api/kinds.ts';
import { ask } from '../../api/request.ts';
import { streamLines } from '../../api/streams.ts';
import { pause } from '../../browser.ts';
import { isNewer, type LogLine, lineOf } from './log-lines.ts';

/** One stream is left for the list of pods. */
const followedMax = 3;
const askAgainMs = 2_000;

export interface Source {
  readonly from: string;
  readonly path: string;
}

export const sourcesOf = (pods: Kind, all: readonly Pod[]): readonly Source[] =>
  all.flatMap((pod) =>
    (pod.spec?.containers ?? []).map(({ name }) => ({
      from: `${nameOf(pod)}/${name}`,
      path: `${pathOf(pods, namespaceOf(pod), nameOf(pod))}/log?timestamps=true&container=${encodeURIComponent(name)}`,
    })),
  );

export interface LogReader {
  readonly tailLines: number;
  readonly signal: AbortSignal;
  onLines(lines: readonly LogLine[]): void;
  onProblem(from: string, error: unknown): void;
}

export function followLogs(sources: readonly Source[], reader: LogReader): void {
  const read = sources.length <= followedMax ? streamed : asked;
  for (const source of sources) {
    read(source, reader).catch((error: unknown) => {
      if (!reader.signal.aborted) reader.onProblem(source.from, error);
    });
  }
}

async function streamed({ from, path }: Source, { tailLines, signal, onLines }: LogReader): Promise<void> {
  await streamLines(`${path}&follow=true&tailLines=${tailLines}`, { signal, accept: '*/*' }, (line) => onLines([lineOf(from, line)]));
}

async function asked({ from, path }: Source, { tailLines, signal, onLines }: LogReader): Promise<void> {
  let last: LogLine | undefined;
  while (!signal.aborted) {
    const since = last === undefined ? `tailLines=${tailLines}` : `sinceTime=${encodeURIComponent(last.time)}`;
    const text = await (await ask(`${path}&${since}`, { signal, accept: '*/*' })).text();
    const known = last;
    const lines = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => lineOf(from, line))
      .filter((line) => isNewer(line, known));
    last = lines.at(-1) ?? last;
    if (lines.length > 0) onLines(lines);
    await pause(askAgainMs, signal);
  }
}
