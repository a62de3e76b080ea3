/** Whether a credential's pattern is meant for an image: `*.dkr.ecr.*.amazonaws.com/team`. Pure. Source: pkg/credentialprovider/keyring.go (URLsMatch) */

interface ImageLocation {
  readonly parts: readonly string[];
  readonly port: string;
  readonly path: string;
}

function placeOf(text: string): ImageLocation {
  const slash = text.indexOf('/');
  const authority = slash === -1 ? text : text.slice(0, slash);
  const [, host = authority, port = ''] = /^(.*):(\d+)$/.exec(authority) ?? [];
  return { parts: host.split('.'), port, path: slash === -1 ? '' : text.slice(slash) };
}

/** A star stands for any part of a name between two dots. */
function matchesPart(pattern: string, text: string): boolean {
  const [first = '', ...others] = pattern.split('*');
  if (others.length === 0) return pattern === text;
  const last = others.pop() ?? '';
  if (!text.startsWith(first) || !text.slice(first.length).endsWith(last)) return false;
  let at = first.length;
  for (const piece of others) {
    const found = text.indexOf(piece, at);
    if (found === -1 || found + piece.length > text.length - last.length) return false;
    at = found + piece.length;
  }
  return true;
}

/** The image without its tag or digest, with its registry. Source: pkg/util/parsers/parsers.go */
export function repositoryOf(image: string): string {
  const [named = ''] = image.split('@');
  const slash = named.lastIndexOf('/');
  const colon = named.indexOf(':', slash + 1);
  const name = colon === -1 ? named : named.slice(0, colon);
  const [first = '', ...rest] = name.split('/');
  const hasRegistry = rest.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost');
  if (hasRegistry) return name;
  return rest.length === 0 ? `docker.io/library/${name}` : `docker.io/${name}`;
}

export function matchesImage(pattern: string, repository: string): boolean {
  const [wanted, found] = [placeOf(pattern), placeOf(repository)];
  if (wanted.port !== found.port || wanted.parts.length !== found.parts.length || !found.path.startsWith(wanted.path)) return false;
  return wanted.parts.every((part, index) => matchesPart(part, found.parts[index] ?? ''));
}
