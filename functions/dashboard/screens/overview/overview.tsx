/** The first screen: how much there is, and what is wrong and why. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Event, Node, Pod } from '../../../kube/generated/types.ts';
import type { KubeList, KubeObject } from '../../../kube/object.ts';
import { humanDuration } from '../../../kube/duration.ts';
import { type Kind, kindNamed, kindReferred, pathOf } from '../../api/kinds.ts';
import { askJson } from '../../api/request.ts';
import { type App, useApp } from '../../app-context.ts';
import { after, nowMs } from '../../browser.ts';
import { sentenceOf, useTable, withMoment } from '../../parts/hooks.ts';
import { hashOf, overview } from '../../route.ts';
import type { Row } from '../../table/rows.ts';
import type { TableState } from '../../table/table-feed.ts';
import { mayBeWrong, type Problem, problemsOf, type Seen } from './problems.ts';

/** Whole pods are read of so many rows; the count above holds the others, too. */
const podsReadMax = 40;
const problemsShownMax = 100;
const settleMs = 400;

const column = ({ columns }: TableState, name: string): number => columns.findIndex((one) => one.name === name);

function suspiciousPods(table: TableState): readonly Row[] {
  const [status, ready] = [column(table, 'Status'), column(table, 'Ready')];
  return table.rows
    .filter(({ cells }) => mayBeWrong(cells[status] ?? '', cells[ready] ?? ''))
    .toSorted((a, b) => b.createdMs - a.createdMs);
}

async function listOf<T extends KubeObject>(app: App, id: string, signal: AbortSignal, query = ''): Promise<readonly T[]> {
  const kind = kindNamed(app.kinds, id);
  if (kind === undefined) return [];
  const path = withMoment(app.route.at, pathOf(kind, app.route.namespace));
  return (await askJson<KubeList<T>>(`${path}?limit=500${query}`, { signal })).items;
}

/** What a user may not read is left out; the tables above show the refusal. */
async function orNothing<T>(reading: Promise<readonly T[]>): Promise<readonly T[]> {
  const [answer] = await Promise.allSettled([reading]);
  return answer.status === 'fulfilled' ? answer.value : [];
}

async function read(app: App, pods: Kind | undefined, rows: readonly Row[], signal: AbortSignal): Promise<Seen> {
  const podOf = async ({ namespace, name }: Row): Promise<readonly Pod[]> =>
    pods === undefined ? [] : [await askJson<Pod>(withMoment(app.route.at, pathOf(pods, namespace, name)), { signal })];
  const [found, nodes, deployments, claims, jobs, events] = await Promise.all([
    Promise.all(rows.slice(0, podsReadMax).map((row) => orNothing(podOf(row)))),
    orNothing(listOf<Node>(app, 'nodes', signal)),
    orNothing(listOf<Seen['deployments'][number]>(app, 'deployments.apps', signal)),
    orNothing(listOf<Seen['claims'][number]>(app, 'persistentvolumeclaims', signal)),
    orNothing(listOf<Seen['jobs'][number]>(app, 'jobs.batch', signal)),
    orNothing(listOf<Event>(app, 'events', signal, '&fieldSelector=type%3DWarning')),
  ]);
  return { pods: found.flat(), nodes, deployments, claims, jobs, events };
}

function useProblems(app: App, pods: TableState, nodes: TableState): readonly Problem[] | undefined {
  const [problems, setProblems] = useState<readonly Problem[]>();
  const rows = useMemo(() => suspiciousPods(pods), [pods]);
  const isReady = (pods.isComplete || pods.error !== undefined) && (nodes.isComplete || nodes.error !== undefined);
  useEffect(() => {
    if (!isReady) return undefined;
    const ending = new AbortController();
    const kindOf = (apiVersion: string, kind: string): string | undefined => kindReferred(app.kinds, apiVersion, kind)?.id;
    const cancel = after(settleMs, () => {
      read(app, kindNamed(app.kinds, 'pods'), rows, ending.signal).then(
        (seen) => setProblems(problemsOf(seen, nowMs(), kindOf)),
        (error: unknown) => {
          if (!ending.signal.aborted) app.notifyError(error);
        },
      );
    });
    return () => {
      cancel();
      ending.abort();
    };
  }, [isReady, rows, nodes, app.route.at, app.route.namespace]);
  return problems;
}

function Count({ title, table, good, href }: { title: string; table: TableState; good: (row: Row) => boolean; href: string }): JSX.Element {
  const wrong = table.rows.filter((row) => !good(row)).length;
  return (
    <a class="count" href={href}>
      <strong>{table.error === undefined ? `${table.rows.length - wrong}` : '–'}</strong>
      <span>
        {table.error === undefined ? `of ${table.rows.length} ${title}` : sentenceOf(table.error)}
        {table.isComplete ? '' : ' …'}
      </span>
      {wrong === 0 ? null : <em>{wrong} to look at</em>}
    </a>
  );
}

export function OverviewScreen(): JSX.Element {
  const app = useApp();
  const { kinds, route } = app;
  const query = (id: string) => {
    const kind = kindNamed(kinds, id);
    return kind === undefined ? undefined : { kind, namespace: kind.isNamespaced ? route.namespace : '', at: route.at };
  };
  const [pods, nodes] = [useTable(query('pods')), useTable(query('nodes'))];
  const problems = useProblems(app, pods, nodes);
  const [podStatus, podReady, nodeStatus] = [column(pods, 'Status'), column(pods, 'Ready'), column(nodes, 'Status')];
  const listOfKind = (kind: string): string =>
    hashOf({ ...overview, screen: 'list', kind, namespace: kind === 'nodes' ? '' : route.namespace, at: route.at });
  return (
    <section class="screen overview">
      <header class="bar">
        <h1>Overview</h1>
        <span class="muted">{route.namespace === '' ? 'all namespaces' : route.namespace}</span>
      </header>
      <div class="counts">
        <Count title="nodes are ready" table={nodes} good={({ cells }) => cells[nodeStatus] === 'Ready'} href={listOfKind('nodes')} />
        <Count
          title="pods are well"
          table={pods}
          good={({ cells }) => !mayBeWrong(cells[podStatus] ?? '', cells[podReady] ?? '')}
          href={listOfKind('pods')}
        />
      </div>
      <h2 id="wrong">What is wrong, newest first</h2>
      {problems === undefined ? <p class="muted">Reading …</p> : <Problems problems={problems} at={route.at} />}
    </section>
  );
}

function Problems({ problems, at }: { problems: readonly Problem[]; at: string }): JSX.Element {
  if (problems.length === 0) return <p class="fine">Nothing is wrong.</p>;
  const now = nowMs();
  return (
    <>
      <ul class="problems" aria-labelledby="wrong">
        {problems.slice(0, problemsShownMax).map(({ kind, namespace, name, sentence, sinceMs, tone }) => (
          <li key={`${kind}/${namespace}/${name}/${sentence}`}>
            <span class={`dot ${tone}`} aria-hidden="true" />
            <a href={hashOf({ ...overview, screen: 'object', kind, namespace, name, at })}>
              {kind.split('.')[0]} {namespace === '' ? name : `${namespace}/${name}`}
            </a>
            <span class="sentence">{sentence}</span>
            <time class="muted">{humanDuration(Math.max(0, now - sinceMs))}</time>
          </li>
        ))}
      </ul>
      {problems.length > problemsShownMax ? <p class="muted">and {problems.length - problemsShownMax} more</p> : null}
    </>
  );
}
