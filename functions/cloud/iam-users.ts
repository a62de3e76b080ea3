/** Who a token of IAM stands for: AWS's token service is asked once, and its answer believed until the token ends. */
import { createHash } from 'node:crypto';
import type { ConfigMap } from '../kube/generated/types.ts';
import type { View } from '../kube/view.ts';
import type { TokenUsers } from '../apiserver/auth/token-users.ts';
import type { World } from '../world.ts';
import { type IamIdentity, userOfIdentity } from './iam-mapping.ts';
import { clusterIdHeader, isIamToken, readIamToken, type IamToken } from './iam-token.ts';

export interface IamOptions {
  /** What the token must have been made for. */
  readonly clusterId: string;
  /** ARNs that may do everything. */
  readonly administrators: readonly string[];
  readonly view: () => View;
  readonly fetch: (request: Request) => Promise<Response>;
  readonly world: Pick<World, 'clock' | 'log'>;
}

interface Known {
  readonly identity: IamIdentity | undefined;
  readonly untilMs: number;
}

const askMsMax = 10_000;
const knownMax = 1_000;
/** A token that AWS refuses is not asked about again so soon. */
const refusedMs = 60_000;
const awsAuth = { resource: 'configmaps', namespace: 'kube-system', name: 'aws-auth' };

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

function identityIn(answer: unknown): IamIdentity | undefined {
  const response = isObject(answer) ? answer['GetCallerIdentityResponse'] : undefined;
  const result = isObject(response) ? response['GetCallerIdentityResult'] : undefined;
  if (!isObject(result)) return undefined;
  const { Arn: arn, Account: account, UserId: userId } = result;
  if (typeof arn !== 'string' || typeof account !== 'string' || typeof userId !== 'string') return undefined;
  return { arn, account, userId };
}

export function createIamUsers({ clusterId, administrators, view, fetch, world: { clock, log } }: IamOptions): TokenUsers {
  const known = new Map<string, Known>();

  async function ask({ url }: IamToken): Promise<IamIdentity | undefined> {
    const response = await fetch(
      new Request(url, {
        headers: { [clusterIdHeader]: clusterId, accept: 'application/json' },
        redirect: 'manual',
        signal: AbortSignal.timeout(askMsMax),
      }),
    );
    if (response.status === 200) return identityIn(await response.json());
    await response.body?.cancel();
    if (response.status >= 500 || response.status === 429) throw new Error(`the token service answered ${response.status}`);
    log.info('the token service refused a token', { status: response.status });
    return undefined;
  }

  async function identityOf(token: string, read: IamToken): Promise<IamIdentity | undefined> {
    const hash = createHash('sha256').update(token).digest('base64');
    const before = known.get(hash);
    if (before !== undefined && before.untilMs > clock.now()) return before.identity;
    const identity = await ask(read);
    const untilMs = identity === undefined ? clock.now() + refusedMs : read.expiresMs;
    const oldest = known.keys().next().value;
    if (known.size >= knownMax && oldest !== undefined) known.delete(oldest);
    known.set(hash, { identity, untilMs });
    return identity;
  }

  return {
    async userOf(token, audiences = []) {
      if (!isIamToken(token) || audiences.length > 0) return undefined;
      const read = readIamToken(token, clock.now());
      const identity = read === undefined ? undefined : await identityOf(token, read);
      if (identity === undefined) return undefined;
      const user = await userOfIdentity(identity, administrators, view().get(awsAuth)?.object as ConfigMap | undefined);
      return user === undefined ? undefined : { user, audiences: [] };
    },
  };
}
