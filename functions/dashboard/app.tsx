/** The frame around each screen: where you are, where you can go, and the keys that lead there. */
import type { ComponentType, JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { KubeList } from '../kube/object.ts';
import { type DiscoveryDocument, type Kind, kindNamed, kindsOf } from './api/kinds.ts';
import { ApiError, askJson, whenSignedOut } from './api/request.ts';
import { currentToken, signOut } from './api/session.ts';
import { type App as AppValue, AppContext, useApp } from './app-context.ts';
import { after } from './browser.ts';
import { sentenceOf } from './parts/hooks.ts';
import { KeyHelp } from './parts/key-help.tsx';
import { Palette, type PaletteMode } from './parts/palette.tsx';
import { TimeControl } from './parts/time-control.tsx';
import { nextTheme, setTheme, theme } from './parts/theme.ts';
import { hashOf, menuScreens, overview, type Route, routeOf, type Screen } from './route.ts';
import { AccessScreen } from './screens/access/access.tsx';
import { ExecScreen } from './screens/exec/exec.tsx';
import { LogsScreen } from './screens/logs/logs.tsx';
import { ListScreen } from './screens/list/list.tsx';
import { ObjectScreen } from './screens/object/object.tsx';
import { OverviewScreen } from './screens/overview/overview.tsx';
import { SignInScreen } from './screens/sign-in/sign-in.tsx';

const screens: Readonly<Record<Screen, ComponentType>> = {
  overview: OverviewScreen,
  list: ListScreen,
  object: ObjectScreen,
  logs: LogsScreen,
  exec: ExecScreen,
  access: AccessScreen,
};

/** In the order of the menu; those that the cluster does not serve are left out. */
const menu: readonly (readonly [title: string, kinds: readonly string[]])[] = [
  ['Workloads', ['pods', 'deployments.apps', 'statefulsets.apps', 'daemonsets.apps', 'jobs.batch', 'cronjobs.batch']],
  ['Network', ['services', 'ingresses.networking.k8s.io', 'networkpolicies.networking.k8s.io']],
  ['Configuration', ['configmaps', 'secrets', 'horizontalpodautoscalers.autoscaling']],
  ['Storage', ['persistentvolumeclaims', 'persistentvolumes', 'storageclasses.storage.k8s.io']],
  ['Cluster', ['nodes', 'namespaces', 'events', 'customresourcedefinitions.apiextensions.k8s.io']],
];

const discovery = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
const noticeMs = 8_000;

interface Cluster {
  readonly kinds: readonly Kind[];
  readonly namespaces: readonly string[];
}

/** A user who may not list namespaces types the name of one. */
async function readCluster(): Promise<Cluster> {
  const [documents, [namespaces]] = await Promise.all([
    Promise.all(['/api', '/apis'].map((path) => askJson<DiscoveryDocument>(path, { accept: discovery }))),
    Promise.allSettled([askJson<KubeList>('/api/v1/namespaces')]).then((answers) => answers),
  ]);
  const names = namespaces?.status === 'fulfilled' ? namespaces.value.items.map(({ metadata: { name = '' } }) => name) : [];
  return { kinds: kindsOf(documents), namespaces: names };
}

function useRoute(): readonly [Route, (to: Partial<Route>) => void] {
  const [route, setRoute] = useState(() => routeOf(location.hash));
  useEffect(() => {
    const changed = (): void => setRoute(routeOf(location.hash));
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  const go = (to: Partial<Route>): void => {
    const before = routeOf(location.hash);
    const next = { ...overview, at: before.at, ...to };
    const isSamePlace = next.screen === before.screen && next.kind === before.kind && next.name === before.name;
    // Typing in a filter leaves no trail.
    if (isSamePlace && next.filter !== before.filter) history.replaceState(null, '', hashOf(next));
    else location.hash = hashOf(next);
    setRoute(next);
  };
  return [route, go];
}

interface Notice {
  readonly text: string;
  readonly isError: boolean;
}

export function App(): JSX.Element {
  const [isSignedIn, setIsSignedIn] = useState(currentToken() !== undefined);
  const [problem, setProblem] = useState('');
  const [cluster, setCluster] = useState<Cluster>();
  useEffect(() => {
    whenSignedOut(() => {
      setProblem('The API does not take this token, or not any more.');
      setIsSignedIn(false);
    });
  }, []);
  useEffect(() => {
    if (!isSignedIn) return;
    readCluster().then(setCluster, (error: unknown) => {
      if (!(error instanceof ApiError && error.status === 401)) setProblem(sentenceOf(error));
    });
  }, [isSignedIn]);
  if (!isSignedIn)
    return (
      <SignInScreen
        problem={problem}
        onSignedIn={() => {
          setProblem('');
          setIsSignedIn(true);
        }}
      />
    );
  if (cluster === undefined) return <p class="empty">{problem === '' ? 'Reading what the cluster serves …' : problem}</p>;
  return (
    <Frame
      cluster={cluster}
      onSignOut={() => {
        signOut();
        setCluster(undefined);
        setIsSignedIn(false);
      }}
    />
  );
}

/** Keys that work wherever no text is being typed. */
function useKeys(keys: Readonly<Record<string, () => void>>): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const { target } = event;
      const isTyping =
        target instanceof Element && target.closest('input, textarea, select, [contenteditable=true], .xterm, dialog') !== null;
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const work = latest.current[event.key];
      if (work === undefined) return;
      event.preventDefault();
      work();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
}

function useNotice(): readonly [Notice | undefined, AppValue['notify'], AppValue['notifyError']] {
  const [notice, setNotice] = useState<Notice>();
  useEffect(() => (notice === undefined ? undefined : after(noticeMs, () => setNotice(undefined))), [notice]);
  const notify = (text: string, isError = false): void => setNotice({ text, isError });
  return [notice, notify, (error) => notify(sentenceOf(error), true)];
}

function Frame({ cluster, onSignOut }: { cluster: Cluster; onSignOut(): void }): JSX.Element {
  const [route, go] = useRoute();
  const [palette, setPalette] = useState<PaletteMode>();
  const [showsKeys, setShowsKeys] = useState(false);
  const [notice, notify, notifyError] = useNotice();
  useKeys({
    '/': () => {
      const filter = document.querySelector<HTMLInputElement>('#filter');
      if (filter === null) setPalette('anything');
      else filter.focus();
    },
    ':': () => setPalette('kinds'),
    f: () => setPalette('anything'),
    '?': () => setShowsKeys(true),
    o: () => go({ screen: 'overview', namespace: route.namespace }),
    u: () => history.back(),
  });
  const app = useMemo<AppValue>(() => ({ ...cluster, route, go, notify, notifyError }), [cluster, route]);
  const Current = screens[route.screen];
  return (
    <AppContext.Provider value={app}>
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), document.querySelector<HTMLElement>('main')?.focus())}>
        Skip to the content
      </a>
      <Header onFind={() => setPalette('anything')} onKeys={() => setShowsKeys(true)} onSignOut={onSignOut} />
      <Menu />
      <main id="main" tabIndex={-1}>
        {route.at === '' ? null : <p class="past-note">This is the past: {route.at}. Nothing can be changed in it.</p>}
        <Current key={`${route.screen}/${route.kind}/${route.namespace}/${route.name}/${route.at}`} />
      </main>
      <div class={`notice ${notice?.isError === true ? 'bad' : ''}`} role="status" aria-live="polite">
        {notice?.text}
      </div>
      {palette === undefined ? null : <Palette mode={palette} onClose={() => setPalette(undefined)} />}
      {showsKeys ? <KeyHelp onClose={() => setShowsKeys(false)} /> : null}
    </AppContext.Provider>
  );
}

function Header({ onFind, onKeys, onSignOut }: { onFind(): void; onKeys(): void; onSignOut(): void }): JSX.Element {
  const [shownTheme, setShownTheme] = useState(theme());
  return (
    <header class="top">
      <strong class="brand">Hibernetes</strong>
      <NamespaceChoice />
      <TimeControl />
      <button type="button" onClick={onFind} title="Find anything ( f )">
        Find
      </button>
      <button
        type="button"
        title="Colours"
        onClick={() => {
          const next = nextTheme(shownTheme);
          setTheme(next);
          setShownTheme(next);
        }}
      >
        {shownTheme}
      </button>
      <button type="button" onClick={onKeys} title="Keys ( ? )" aria-label="Keys">
        ?
      </button>
      <button type="button" onClick={onSignOut}>
        Sign out
      </button>
    </header>
  );
}

/** A text with suggestions: who may not list namespaces knows theirs by name. */
function NamespaceChoice(): JSX.Element {
  const { kinds, namespaces, route, go } = useApp();
  const choose = (namespace: string): void => {
    const isElsewhere = route.screen === 'object' && kindNamed(kinds, route.kind)?.isNamespaced === true;
    go(isElsewhere ? { screen: 'list', kind: route.kind, namespace } : { ...route, namespace });
  };
  return (
    <label class="namespace">
      <span>Namespace</span>
      <input
        list="namespaces"
        placeholder="all"
        value={route.screen === 'object' && kindNamed(kinds, route.kind)?.isNamespaced === false ? '' : route.namespace}
        onChange={({ currentTarget }) => choose(currentTarget.value.trim())}
      />
      <datalist id="namespaces">
        {namespaces.map((name) => (
          <option value={name} key={name} />
        ))}
      </datalist>
    </label>
  );
}

function Menu(): JSX.Element {
  const { kinds, route } = useApp();
  const link = (to: Partial<Route>, title: string): JSX.Element => {
    const isCurrent = to.screen === route.screen && (to.kind ?? '') === route.kind;
    return (
      <a href={hashOf({ ...overview, namespace: route.namespace, at: route.at, ...to })} aria-current={isCurrent ? 'page' : undefined}>
        {title}
      </a>
    );
  };
  return (
    <nav aria-label="Kinds">
      {menuScreens.map(({ screen }) => link({ screen }, screen))}
      {menu.map(([title, ids]) => (
        <section key={title}>
          <h2>{title}</h2>
          {ids.flatMap((id) => kindNamed(kinds, id) ?? []).map((kind) => link({ screen: 'list', kind: kind.id }, kind.resource))}
        </section>
      ))}
    </nav>
  );
}
