/** Who a token of IAM stands for: AWS's token service is asked once, and its answer believed until the token ends. */
import { createHash } from 'node:crypto';
import type { ConfigMap } from '../kube/generated/types.ts';
import type { View } from '../kube/view.ts';
import type { TokenUsers } from '../apiserver/auth/token-users.ts';
import type { World } from '../world.ts';
import { type IamIdentity, userOfIdentity } from './iam-mapping.ts';
import { StatusError } from '../kube/status-error.ts';
import { createQuestionLimit } from './question-limit.ts';
import { clusterIdHeader, isIamToken, readIamToken, type IamToken } from './iam-token.ts';
import { isJsonObject } from '../kube/object.ts';

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

function identityIn(answer: unknown): IamIdentity | undefined {
  const response = isJsonObject(answer) ? answer['GetCallerIdentityResponse'] : undefined;
  const result = isJsonObject(response) ? response['GetCallerIdentityResult'] : undefined;
  if (!isJsonObject(result)) return undefined;
  const { Arn: arn, Account: account, UserId: userId } = result;
  if (typeof arn !== 'string' || typeof account !== 'string' || typeof userId !== 'string') return undefined;
  return { arn, account, userId };
}

class Unanswered extends Error {}

/** The largest answer of the token service. */
const answerBytesMax = 16_384;
const reasonLengthMax = 200;

async function shortText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    if (length > answerBytesMax) throw new Unanswered('its answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function remember(map: Map<string, Known>, hash: string, answer: Known): void {
  const oldest = map.keys().next().value;
  if (map.size >= knownMax && oldest !== undefined) map.delete(oldest);
  map.set(hash, answer);
}

export function createIamUsers({ clusterId, administrators, view, fetch, world: { clock, log } }: IamOptions): TokenUsers {
  const known = new Map<string, Known>();
  const refused = new Map<string, Known>();
  const limit = createQuestionLimit(clock);

  async function ask({ url }: IamToken): Promise<IamIdentity | undefined> {
    const response = await fetch(
      new Request(url, {
        headers: { [clusterIdHeader]: clusterId, accept: 'application/json' },
        redirect: 'manual',
        signal: AbortSignal.timeout(askMsMax),
      }),
    );
    if (response.status === 200) return identityIn(JSON.parse(await shortText(response)));
    await response.body?.cancel();
    if (response.status >= 500 || response.status === 429) throw new Unanswered(`it answered ${response.status}`);
    return undefined;
  }

  /**
   * The sender of the token is a stranger until the answer is there: a failure is no error of this server, and one short
   * line.
   */
  async function answerOf(read: IamToken): Promise<Known> {
    try {
      const identity = await limit.run(() => ask(read));
      return { identity, untilMs: identity === undefined ? clock.now() + refusedMs : read.expiresMs };
    } catch (error) {
      if (!(error instanceof Error) || error instanceof StatusError) throw error;
      log.warn('the token service did not judge a token', { why: error.message.slice(0, reasonLengthMax) });
      return { identity: undefined, untilMs: clock.now() };
    }
  }

  async function identityOf(token: string, read: IamToken): Promise<IamIdentity | undefined> {
    const hash = createHash('sha256').update(token).digest('base64');
    const before = known.get(hash) ?? refused.get(hash);
    if (before !== undefined && before.untilMs > clock.now()) return before.identity;
    const answer = await answerOf(read);
    // What strangers send must not drive out those who are known.
    remember(answer.identity === undefined ? refused : known, hash, answer);
    return answer.identity;
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
