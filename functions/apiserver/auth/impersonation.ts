/**
 * Impersonation of another user. Each part of the user's identity must be allowed by the verb `impersonate` on its own.
 * Source: apiserver, pkg/endpoints/filters/impersonation.go.
 */
import { goQuote } from '../../kube/go-quote.ts';
import { badRequest } from '../../kube/status-error.ts';
import type { Authorizer, RequestAttributes, User } from '../ports.ts';
import { forbiddenRequest } from './forbidden-request.ts';
import {
  anonymous,
  anonymousName,
  serviceAccountGroups,
  splitServiceAccountName,
  unauthenticatedGroup,
  withAuthenticatedGroup,
} from './groups.ts';

const extraHeaderPrefix = 'impersonate-extra-';

interface Impersonation {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** A repeated header arrives as one, joined by commas. */
const listed = (value: string | null): string[] =>
  (value ?? '')
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '');

function unescaped(headerName: string): string {
  const escaped = headerName.slice(extraHeaderPrefix.length);
  try {
    return decodeURIComponent(escaped);
  } catch (error) {
    if (error instanceof URIError) return escaped;
    throw error;
  }
}

function asked(request: Request): Impersonation | undefined {
  const name = request.headers.get('impersonate-user') ?? '';
  const uid = request.headers.get('impersonate-uid') ?? '';
  const groups = listed(request.headers.get('impersonate-group'));
  const extra = Object.fromEntries(
    [...request.headers]
      .filter(([header]) => header.startsWith(extraHeaderPrefix))
      .map(([header, value]) => [unescaped(header), listed(value)] as const),
  );
  const wanted = { name, uid, groups, extra };
  if (name !== '') return wanted;
  if (uid === '' && groups.length === 0 && Object.keys(extra).length === 0) return undefined;
  throw badRequest(`requested ${goUser(wanted)} without impersonating a user name`);
}

const goTexts = (texts: readonly string[]): string => (texts.length === 0 ? '(nil)' : `{${texts.map(goQuote).join(', ')}}`);

/** A user as Go prints the struct. */
function goUser({ name, uid, groups, extra }: Impersonation): string {
  const entries = Object.entries(extra).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const extras = entries.map(([key, values]) => `${goQuote(key)}:[]string${goTexts(values)}`).join(', ');
  const map = `map[string][]string${extras === '' ? '(nil)' : `{${extras}}`}`;
  return `&user.DefaultInfo{Name:${goQuote(name)}, UID:${goQuote(uid)}, Groups:[]string${goTexts(groups)}, Extra:${map}}`;
}

const attributes = (resource: string, name: string, parts: Partial<RequestAttributes> = {}): RequestAttributes => ({
  verb: 'impersonate',
  isResource: true,
  path: '',
  group: '',
  version: 'v1',
  subresource: '',
  namespace: '',
  ...parts,
  resource,
  name,
});

function neededPermissions({ name, uid, groups, extra }: Impersonation): RequestAttributes[] {
  const authentication = { group: 'authentication.k8s.io' };
  const account = splitServiceAccountName(name);
  return [
    account === undefined ? attributes('users', name) : attributes('serviceaccounts', account.name, { namespace: account.namespace }),
    ...groups.map((group) => attributes('groups', group)),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => attributes('userextras', value, { ...authentication, subresource: key })),
    ),
    ...(uid === '' ? [] : [attributes('uids', uid, authentication)]),
  ];
}

function becoming({ name, uid, groups, extra }: Impersonation): User {
  const account = splitServiceAccountName(name);
  const implied = account !== undefined && groups.length === 0 ? serviceAccountGroups(account.namespace) : groups;
  const user: User = {
    name,
    groups: implied,
    ...(uid === '' ? {} : { uid }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
  if (name !== anonymousName) return withAuthenticatedGroup(user);
  return implied.includes(unauthenticatedGroup) ? user : { ...user, groups: [...implied, unauthenticatedGroup] };
}

/** The user that the request's headers ask to be, or `user` when they do not ask. */
export async function impersonatedUser(user: User | undefined, request: Request, authorizer: Authorizer): Promise<User | undefined> {
  const impersonation = asked(request);
  if (impersonation === undefined) return user;
  const actor = user ?? anonymous;
  for (const permission of neededPermissions(impersonation)) {
    const decision = await authorizer.authorize(actor, permission);
    if (!decision.allowed) throw forbiddenRequest(actor, permission, decision.reason);
  }
  return becoming(impersonation);
}
