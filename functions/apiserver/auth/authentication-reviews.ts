/** "Who am I?" and "whose token is this?". Source: pkg/registry/authentication/. */
import type { SelfSubjectReview, TokenReview, TokenReviewStatus } from '../../kube/generated/types.ts';
import { badRequest } from '../../kube/status-error.ts';
import { timestamp } from '../../kube/time.ts';
import type { Clock } from '../../world.ts';
import type { VirtualResource } from '../ports.ts';
import { withAuthenticatedGroup } from './groups.ts';
import { TokenRefused, type TokenUser, type TokenUsers } from './token-users.ts';
import { userInfo, virtualResource } from './virtual-resource.ts';

const group = 'authentication.k8s.io';

export function authenticationReviews(tokenUsers: TokenUsers, clock: Pick<Clock, 'now'>): VirtualResource[] {
  return [
    virtualResource<SelfSubjectReview>({
      group,
      kind: 'SelfSubjectReview',
      shown: () => ({ metadata: { creationTimestamp: timestamp(clock.now()) } }),
      status: async (_review, { user }) => ({ userInfo: userInfo(user) }),
    }),
    virtualResource<TokenReview>({
      group,
      kind: 'TokenReview',
      async status({ spec: { token, audiences = [] }, status }) {
        if (!token) throw badRequest('token is required for TokenReview in authentication');
        const found = await userOrReason(tokenUsers, token, audiences);
        if (typeof found === 'string') return { ...refusal(status), error: found };
        return { authenticated: true, user: userInfo(withAuthenticatedGroup(found.user)), audiences: [...found.audiences] };
      },
    }),
  ];
}

async function userOrReason(tokenUsers: TokenUsers, token: string, audiences: readonly string[]): Promise<TokenUser | string> {
  const invalid = 'invalid bearer token';
  try {
    return (await tokenUsers.userOf(token, audiences)) ?? invalid;
  } catch (error) {
    // Upstream lists the errors of all who know tokens. Its server's own, for itself, always has this one.
    if (error instanceof TokenRefused) return `[${invalid}, ${error.message}]`;
    throw error;
  }
}

/** The answer for an invalid token repeats the status that the client sent. */
function refusal({ authenticated: _authenticated, ...sent }: TokenReviewStatus = {}): TokenReviewStatus {
  return { user: {}, ...sent };
}
