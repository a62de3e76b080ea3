/** What a request to the node's door asks for, in the words of RBAC. Pure. Source: pkg/kubelet/server/auth.go (GetRequestAttributes) */
export interface DoorRequest {
  readonly verb: string;
  /** Subresources of `nodes`; a permission for any of them is enough. */
  readonly subresources: readonly string[];
}

const verbs: Readonly<Record<string, string>> = { POST: 'create', GET: 'get', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

const isBelow = (path: string, tree: string): boolean => path === tree || path.startsWith(`${tree}/`);

const fine: readonly (readonly [tree: string, subresource: string])[] = [
  ['/pods', 'pods'],
  ['/healthz', 'healthz'],
  ['/configz', 'configz'],
  ['/runningpods', 'pods'],
];

const whole: readonly (readonly [tree: string, subresource: string])[] = [
  ['/stats', 'stats'],
  ['/metrics', 'metrics'],
  // As pods/log is called.
  ['/logs', 'log'],
  ['/checkpoint', 'checkpoint'],
];

export function doorRequest(method: string, path: string): DoorRequest {
  const subresourceIn = (trees: typeof fine): readonly string[] => trees.filter(([tree]) => isBelow(path, tree)).map(([, name]) => name);
  const general = subresourceIn(whole)[0] ?? 'proxy';
  return { verb: verbs[method] ?? '', subresources: [...subresourceIn(fine), general] };
}
