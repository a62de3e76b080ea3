/** What every screen may use: the kinds, the namespaces, the route, and the way to another one. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Kind } from './api/kinds.ts';
import { overview, type Route } from './route.ts';

export interface App {
  readonly kinds: readonly Kind[];
  readonly namespaces: readonly string[];
  readonly route: Route;
  /** The parts that are left out become empty; the moment stays. */
  go(to: Partial<Route>): void;
  /** Shows a sentence for a while, and reads it out. */
  notify(text: string, isError?: boolean): void;
  /** Shows a refusal or a failure as a sentence. */
  notifyError(error: unknown): void;
}

export const AppContext = createContext<App>({
  kinds: [],
  namespaces: [],
  route: overview,
  go: () => undefined,
  notify: () => undefined,
  notifyError: () => undefined,
});

export const useApp = (): App => useContext(AppContext);
