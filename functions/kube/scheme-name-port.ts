/** The name in a proxy's path: `web`, `web:http`, `https:web:443`. Source: apimachinery, pkg/util/net/port_split.go */
export interface SchemeNamePort {
  readonly scheme: '' | 'http' | 'https';
  readonly name: string;
  /** A number, a port's name, or ''. */
  readonly port: string;
}

/** Undefined for what is no such name. */
export function splitSchemeNamePort(id: string): SchemeNamePort | undefined {
  const parts = id.split(':');
  const [scheme = '', name = '', port = ''] = parts.length === 3 ? parts : ['', ...parts];
  if (parts.length > 3 || name === '') return undefined;
  return scheme === '' || scheme === 'http' || scheme === 'https' ? { scheme, name, port } : undefined;
}
