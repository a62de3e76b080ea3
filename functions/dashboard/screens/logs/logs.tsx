/** The logs of a pod, or of all pods that an object selects: followed, and searched. */
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Pod } from '../../../kube/generated/types.ts';
import { type Kind, kindNamed, pathOf } from '../../api/kinds.ts';
import type { AnyObject } from '../../api/change.ts';
import { listOf, type ObjectPath } from '../../api/objects.ts';
import { askJson } from '../../api/request.ts';
import { useApp } from '../../app-context.ts';
import { after } from '../../browser.ts';
import { sentenceOf } from '../../parts/hooks.ts';
import { useVirtualizer } from '../../parts/use-virtualizer.ts';
import { followLogs, sourcesOf } from './follow-logs.ts';
import { found, type LogLine, merged } from './log-lines.ts';
import { selectorOf } from './selector.ts';

const tailLines = 500;
const handOnMs = 100;
const podsMax = 50;
const linePixels = 20;

async function podsOf(pods: Kind, { kind, namespace, name }: ObjectPath, signal: AbortSignal): Promise<readonly Pod[]> {
  const object = await askJson<AnyObject>(pathOf(kind, namespace, name), { signal });
  if (kind.id === pods.id) return [object as Pod];
  const selector = selectorOf(object);
  if (selector === '') throw new Error(`The ${kind.kind} ${name} selects no pods.`);
  const found = await listOf<Pod>(`${pathOf(pods, namespace)}?labelSelector=${encodeURIComponent(selector)}`, signal);
  return found.slice(0, podsMax);
}

interface Logs {
  readonly lines: readonly LogLine[];
  readonly sources: number;
  readonly problems: readonly string[];
}

function useLogs(pods: Kind | undefined, place: ObjectPath | undefined): Logs {
  const [logs, setLogs] = useState<Logs>({ lines: [], sources: 0, problems: [] });
  useEffect(() => {
    if (pods === undefined || place === undefined) return undefined;
    const ending = new AbortController();
    let waiting: LogLine[] = [];
    let cancel: (() => void) | undefined;
    const handOn = (): void => {
      cancel = undefined;
      const more = waiting;
      waiting = [];
      setLogs((before) => ({ ...before, lines: merged(before.lines, more) }));
    };
    const report = (from: string, error: unknown): void => {
      if (!ending.signal.aborted) setLogs((before) => ({ ...before, problems: [...before.problems, `${from}: ${sentenceOf(error)}`] }));
    };
    podsOf(pods, place, ending.signal).then(
      (all) => {
        const sources = sourcesOf(pods, all);
        setLogs((before) => ({ ...before, sources: sources.length }));
        followLogs(sources, {
          tailLines,
          signal: ending.signal,
          onProblem: report,
          onLines(lines) {
            waiting.push(...lines);
            cancel ??= after(handOnMs, handOn);
          },
        });
      },
      (error: unknown) => report(place.name, error),
    );
    return () => {
      cancel?.();
      ending.abort();
    };
  }, []);
  return logs;
}

export function LogsScreen(): JSX.Element {
  const { kinds, route } = useApp();
  const kind = kindNamed(kinds, route.kind);
  const place = kind === undefined ? undefined : { kind, namespace: route.namespace, name: route.name };
  const { lines, sources, problems } = useLogs(kindNamed(kinds, 'pods'), place);
  const [search, setSearch] = useState('');
  const [isFollowing, setIsFollowing] = useState(true);
  const shown = useMemo(() => found(lines, search), [lines, search]);
  return (
    <section class="screen logs">
      <header class="bar">
        <h1>
          logs of <span class="name">{route.name}</span>
        </h1>
        <span class="muted" role="status">
          {shown.length} lines of {sources} containers
        </span>
        <input
          id="filter"
          type="search"
          placeholder="Search ( / )"
          aria-label="Search the logs"
          value={search}
          onInput={({ currentTarget }) => setSearch(currentTarget.value)}
        />
        <label>
          <input type="checkbox" checked={isFollowing} onChange={({ currentTarget }) => setIsFollowing(currentTarget.checked)} /> follow
        </label>
      </header>
      {problems.map((problem) => (
        <p class="problem" role="alert" key={problem}>
          {problem}
        </p>
      ))}
      <Lines lines={shown} showsFrom={sources > 1} isFollowing={isFollowing} />
    </section>
  );
}

function Lines({ lines, showsFrom, isFollowing }: { lines: readonly LogLine[]; showsFrom: boolean; isFollowing: boolean }): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer(lines.length, linePixels, scroller);
  useLayoutEffect(() => {
    if (isFollowing && lines.length > 0) virtualizer.scrollToIndex(lines.length - 1);
  }, [lines, isFollowing]);
  return (
    <div class="lines mono" ref={scroller} tabIndex={0} role="log" aria-label="Log lines" aria-live="off">
      <div class="grid-body" style={{ height: `${virtualizer.getTotalSize()}px` }}>
        {virtualizer.getVirtualItems().map(({ index, start }) => {
          const line = lines[index];
          return line === undefined ? null : (
            <div class="line" key={index} style={{ transform: `translateY(${start}px)` }}>
              <span class="muted">{line.time.slice(11, 23)} </span>
              {showsFrom ? <span class="from">{line.from} </span> : null}
              <bdi>{line.text}</bdi>
            </div>
          );
        })}
      </div>
    </div>
  );
}
