/** What the address after `#` means. Pure. */

const screens = ['overview', 'list', 'object', 'logs', 'exec', 'access'] as const;

export type Screen = (typeof screens)[number];

/** The menu and the palette lead to these. The other screens show a kind or an object. */
export const menuScreens = [
  { screen: 'overview', hint: 'screen' },
  { screen: 'access', hint: 'screen: who can do what' },
] as const satisfies readonly { readonly screen: Screen; readonly hint: string }[];

export interface Route {
  readonly screen: Screen;
  /** `pods`, `deployments.apps`. */
  readonly kind: string;
  /** '': all of them, or an object that is in none. */
  readonly namespace: string;
  readonly name: string;
  /** The list's filter. */
  readonly filter: string;
  readonly selector: string;
  /** The object's tab: `summary`, `yaml`, … */
  readonly tab: string;
  readonly container: string;
  /** A moment of the past as the API reads it: `-2h`, `2026-11-30T12:00:00Z`. An empty text stands for now. */
  readonly at: string;
}

export const overview: Route = {
  screen: 'overview',
  kind: '',
  namespace: '',
  name: '',
  filter: '',
  selector: '',
  tab: '',
  container: '',
  at: '',
};

const screenNames: ReadonlySet<string> = new Set(screens);
const isScreen = (text: string): text is Screen => screenNames.has(text);
const inPath = ['kind', 'namespace', 'name'] as const;
const inQuery = ['filter', 'selector', 'tab', 'container', 'at'] as const;
/** An empty part of the path. */
const none = '-';

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return '';
    throw error;
  }
}

/** Whatever cannot be read is the overview. */
export function routeOf(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [screen = '', ...parts] = path.split('/');
  if (!isScreen(screen)) return { ...overview, at: new URLSearchParams(query).get('at') ?? '' };
  const search = new URLSearchParams(query);
  const text = (part: string | undefined): string => (part === undefined || part === none ? '' : decoded(part));
  return {
    ...overview,
    screen,
    ...Object.fromEntries(inPath.map((field, index) => [field, text(parts[index])])),
    ...Object.fromEntries(inQuery.map((field) => [field, search.get(field) ?? ''])),
  };
}

export function hashOf(route: Route): string {
  const parts = inPath.map((field) => (route[field] === '' ? none : encodeURIComponent(route[field])));
  while (parts.at(-1) === none) parts.pop();
  const query = new URLSearchParams(inQuery.filter((field) => route[field] !== '').map((field): [string, string] => [field, route[field]]));
  return `#/${[route.screen, ...parts].join('/')}${query.size === 0 ? '' : `?${query}`}`;
}
