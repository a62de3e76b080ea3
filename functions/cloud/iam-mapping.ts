/**
 * Which user of the cluster an IAM identity is: the ConfigMap kube-system/aws-auth, in the form that EKS knows.
 * Source: aws-iam-authenticator, pkg/mapper/configmap, pkg/arn/arn.go, pkg/server/server.go (renderTemplates).
 */
import type { ConfigMap } from '../kube/generated/types.ts';
import { StatusError } from '../kube/status-error.ts';
import { parseYaml } from '../kube/yaml-document.ts';
import { nodeOf, nodesGroup, nodeUserName } from '../apiserver/auth/groups.ts';
import type { User } from '../apiserver/ports.ts';
import { isJsonObject } from '../kube/object.ts';

export interface IamIdentity {
  /** The identity as AWS writes it: `arn:aws:sts::1:assumed-role/R/SESSION`. */
  readonly arn: string;
  readonly account: string;
  readonly userId: string;
}

interface Mapping {
  readonly arn: string;
  readonly username: string;
  readonly groups: readonly string[];
}

const isAssumedRole = (arn: string): boolean => canonicalArn(arn) !== arn;

/** An assumed role stands for the role; its path is not known. */
export function canonicalArn(arn: string): string {
  const match = /^arn:([a-z-]+):sts::(\d+):assumed-role\/([^/]+)\/.+$/.exec(arn);
  return match === null ? arn : `arn:${match[1]}:iam::${match[2]}:role/${match[3]}`;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

async function mappingsIn(text: string | undefined, arnField: string): Promise<Mapping[]> {
  const entries = await listIn(text ?? '');
  return entries.filter(isJsonObject).map((entry) => ({
    arn: textOf(entry[arnField]),
    username: textOf(entry['username']),
    groups: Array.isArray(entry['groups']) ? entry['groups'].filter((group) => typeof group === 'string') : [],
  }));
}

/** A map that cannot be read gives no identity a name. */
async function listIn(text: string): Promise<readonly unknown[]> {
  try {
    const { value } = await parseYaml(text);
    return Array.isArray(value) ? value : [];
  } catch (error) {
    if (error instanceof StatusError) return [];
    throw error;
  }
}

/** The part of the identity's id behind the colon is the session: for a machine's role, the machine's id. */
const sessionOf = ({ userId }: IamIdentity): string => userId.split(':')[1] ?? '';

/** Characters that would be special in a user name become dashes. */
const rendered = (template: string, identity: IamIdentity): string =>
  template
    .replaceAll('{{AccountID}}', identity.account)
    .replaceAll('{{SessionName}}', sessionOf(identity).replaceAll('@', '-'))
    .replaceAll('{{SessionNameRaw}}', sessionOf(identity));

const sameArn = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Undefined: the identity has no name here. */
export async function userOfIdentity(
  identity: IamIdentity,
  administrators: readonly string[],
  awsAuth: ConfigMap | undefined,
): Promise<User | undefined> {
  const arn = canonicalArn(identity.arn);
  const extra = { arn: [identity.arn], canonicalArn: [arn], sessionName: [sessionOf(identity)] };
  const uid = `aws-iam-authenticator:${identity.account}:${identity.userId.split(':')[0]}`;
  if (administrators.some((known) => sameArn(known, arn))) return { name: arn, uid, groups: ['system:masters'], extra };
  const roles = await mappingsIn(awsAuth?.data?.['mapRoles'], 'rolearn');
  const users = await mappingsIn(awsAuth?.data?.['mapUsers'], 'userarn');
  const found = [...roles, ...users].find((mapping) => sameArn(mapping.arn, arn));
  if (found === undefined) return undefined;
  const name = found.username === '' ? arn : rendered(found.username, identity);
  // A template that could not be filled in gives no name.
  if (name.includes('{{')) return undefined;
  return ofMachine(identity, { name, uid, groups: found.groups, extra });
}

/** As EC2 names the session of a machine's role. A session that a person assumes has any name but may not pass for one. */
const machineSession = /^i-[0-9a-f]+$/;
const isNode = ({ name, groups }: User): boolean => groups.includes(nodesGroup) || nodeOf({ name, groups: [nodesGroup] }) !== undefined;

/** A machine is the node named after itself and nothing more, whatever else the map gives its role. */
function ofMachine(identity: IamIdentity, user: User): User | undefined {
  if (!isNode(user)) return user;
  const session = sessionOf(identity);
  const isOwn = machineSession.test(session) && user.name === nodeUserName(session);
  return isOwn && isAssumedRole(identity.arn) ? { ...user, groups: [nodesGroup] } : undefined;
}
