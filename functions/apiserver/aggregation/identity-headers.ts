/** The headers by which another API server learns who asks. Source: client-go, transport/round_trippers.go (SetAuthProxyHeaders) */
import type { User } from '../ports.ts';

/** What a header's name may not hold is escaped by percent signs. */
const escapedKey = (key: string): string =>
  key
    .toLowerCase()
    .replaceAll(/[^!#$&'*+\-.^_`|~0-9a-z]/g, (character) =>
      [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
    );

export function identityHeaders({ name, uid, groups, extra = {} }: User): Record<string, string | string[]> {
  return {
    'x-remote-user': name,
    ...(uid === undefined || uid === '' ? {} : { 'x-remote-uid': uid }),
    ...(groups.length === 0 ? {} : { 'x-remote-group': [...groups] }),
    ...Object.fromEntries(Object.entries(extra).map(([key, values]) => [`x-remote-extra-${escapedKey(key)}`, [...values]])),
  };
}
