/**
 * May they? Masters may everything. The others are decided by a chain of authorizers, in order: the first that allows or
 * denies decides, and where none has an opinion the request is refused.
 */
import { agentGroup } from '../../node-protocol/node-poll.ts';
import type { Store } from '../../store/store.ts';
import type { AuthorizationDecision, Authorizer, RequestAttributes, User } from '../ports.ts';
import type { PodsOfNode } from '../nodes/pods-of-node.ts';
import type { AuthorizationSettings, AuthorizerSettings, WebhookSettings } from './authorization/settings.ts';
import { authenticatedGroup, mastersGroup } from './groups.ts';
import { createNodeAuthorizer } from './node-authorizer.ts';
import { createRbacAuthorizer } from './rbac/authorizer.ts';
import type { Policy } from './rbac/policy.ts';

/** `rulesOf` is what `kubectl auth can-i --list` shows. */
export type ClusterAuthorizer = Authorizer & Pick<Policy, 'rulesOf' | 'rulesOfRole'>;

export interface AuthorizerOptions {
  readonly store: Pick<Store, 'view'>;
  readonly podsOfNode: PodsOfNode;
  /** The chain; nodes by what their pods need, then RBAC, when left out. */
  readonly settings?: AuthorizationSettings | undefined;
  /** Makes the webhooks of the settings. */
  readonly webhook?: (settings: WebhookSettings) => Authorizer;
}

interface NamedAuthorizer extends Authorizer {
  readonly name: string;
}

const allowed = (reason = ''): AuthorizationDecision => ({ allowed: true, reason });
const noOpinion: AuthorizationDecision = { allowed: false, reason: '' };

const defaultChain: readonly AuthorizerSettings[] = [
  { type: 'Node', name: 'node' },
  { type: 'RBAC', name: 'rbac' },
];

/** A tunnel is open because its caller was allowed to open it, and its mailbox is named by that caller: no other one finds it. */
const isOwnTunnel = ({ groups }: User, { group, resource, subresource }: RequestAttributes): boolean =>
  group === agentGroup && resource === 'tunnels' && subresource === 'entries' && groups.includes(authenticatedGroup);

/** Whose reason it is. Source: apiserver, pkg/authorization/union/union.go. */
const named = (authorizer: string, { reason }: AuthorizationDecision): string => (reason === '' ? '' : `${authorizer}: ${reason}`);

export function createAuthorizer({ store, podsOfNode, settings, webhook }: AuthorizerOptions): ClusterAuthorizer {
  const nodes = createNodeAuthorizer({ podsOfNode, view: () => store.view() });
  const rbac = createRbacAuthorizer(store);
  const { authorizers } = settings ?? { authorizers: defaultChain };
  const chain = authorizers.map((one): NamedAuthorizer => ({ name: one.name, authorize: deciding(one) }));

  function deciding({ type, webhook: of }: AuthorizerSettings): Authorizer['authorize'] {
    switch (type) {
      case 'AlwaysAllow':
        return async () => allowed();
      case 'AlwaysDeny':
        // Upstream's has no opinion, and others are asked.
        return async () => ({ ...noOpinion, reason: 'Everything is forbidden.' });
      case 'Node':
        return async (user, info) => {
          const decision = await nodes.authorize(user, info);
          return decision.allowed ? allowed() : decision;
        };
      case 'RBAC':
        return (user, info) => rbac.authorize(user, info);
      case 'Webhook': {
        if (of === undefined || webhook === undefined) throw new Error('an authorizer of type Webhook has no webhook');
        const { authorize } = webhook(of);
        return authorize;
      }
    }
  }

  async function authorize(user: User, info: RequestAttributes): Promise<AuthorizationDecision> {
    if (user.groups.includes(mastersGroup) || isOwnTunnel(user, info)) return allowed();
    const undecided: { readonly name: string; readonly decision: AuthorizationDecision }[] = [];
    for (const { name, authorize: decide } of chain) {
      const decision = await decide(user, info);
      if (decision.allowed || decision.denied === true) return decision;
      undecided.push({ name, decision });
    }
    const reason = undecided.map(({ name, decision }) => named(name, decision)).filter((text) => text !== '');
    const errors = undecided.flatMap(({ decision: { error } }) => error ?? []);
    return { allowed: false, reason: reason.join('\n'), ...(errors.length === 0 ? {} : { error: errors.join(', ') }) };
  }

  const rulesOf: Policy['rulesOf'] = (user, namespace) => {
    const known = rbac.rulesOf(user, namespace);
    const webhooks = authorizers.filter(({ type }) => type === 'Webhook');
    return webhooks.length === 0 ? known : { ...known, errors: [...known.errors, ...webhooks.map(() => unknownRules)] };
  };

  return { authorize, rulesOf, rulesOfRole: rbac.rulesOfRole };
}

const unknownRules = 'webhook authorizer does not support user rule resolution';
