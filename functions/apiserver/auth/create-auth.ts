/** Puts this room together: everything about identity and permission that an apiserver is given. */
import type { Store } from '../../store/store.ts';
import type { World } from '../../world.ts';
import type { PodsOfNode } from '../nodes/pods-of-node.ts';
import type { Authenticator, Computation, Extension, VirtualResource } from '../ports.ts';
import { accessReviews } from './access-reviews.ts';
import { authenticationReviews } from './authentication-reviews.ts';
import { createAuthenticator } from './authenticator.ts';
import { createAuthorizer } from './authorizer.ts';
import type { ClusterAuthorizer } from './authorizer.ts';
import { issuerDocuments } from './issuer-documents.ts';
import type { SigningKeys } from './keys.ts';
import { createTokenRequest } from './token-request.ts';
import { createTokenUsers } from './token-users.ts';
import type { StaticToken } from './token-users.ts';
import { createTokens } from './tokens.ts';
import type { Tokens } from './tokens.ts';

export interface AuthOptions {
  readonly store: Store;
  readonly world: World;
  readonly keys: SigningKeys;
  readonly podsOfNode: PodsOfNode;
  /** How clients reach the server: `https://10.0.0.1:6443`. */
  readonly apiUrl: string;
  readonly staticTokens?: readonly StaticToken[];
}

export interface Auth {
  readonly authenticator: Authenticator;
  readonly authorizer: ClusterAuthorizer;
  readonly virtualResources: readonly VirtualResource[];
  readonly computations: { readonly 'token-request': Computation };
  readonly extensions: readonly Extension[];
  /** For the host, which hands out the credentials of its nodes. */
  readonly tokens: Tokens;
}

export function createAuth({ store, world, keys, podsOfNode, apiUrl, staticTokens }: AuthOptions): Auth {
  const { clock, random } = world;
  const tokens = createTokens({ keys, clock, random });
  const tokenUsers = createTokenUsers({ store, tokens, clock, staticTokens });
  const authorizer = createAuthorizer({ store, podsOfNode });
  return {
    authenticator: createAuthenticator(tokenUsers),
    authorizer,
    virtualResources: [...accessReviews(authorizer), ...authenticationReviews(tokenUsers)],
    computations: { 'token-request': createTokenRequest({ store, tokens }) },
    extensions: issuerDocuments(keys, apiUrl),
    tokens,
  };
}
