/**
 * Who may use the node's door (a kubelet's port): the API resolves a token to its user and authorizes the request. Answers
 * are kept as long as a kubelet keeps them. So a client that asks every few seconds seldom wakes the control plane.
 * Source: pkg/kubelet/server/auth.go; pkg/kubelet/apis/config/v1beta1/defaults.go
 */
import { createHash } from 'node:crypto';
import type { Client } from '../../functions/client/client.ts';
import type { KubeObject } from '../../functions/kube/object.ts';
import { resourceType } from '../../functions/kube/resource-type.ts';
import type { Clock } from '../../functions/world.ts';
import { doorRequest } from './request-attributes.ts';

interface DoorUser {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

interface TokenReview extends KubeObject {
  readonly spec: object;
  readonly status?: { readonly authenticated?: boolean; readonly user?: DoorUser };
}

interface AccessReview extends KubeObject {
  readonly spec: object;
  readonly status?: { readonly allowed?: boolean };
}

const tokenReviews = resourceType<TokenReview>('authentication.k8s.io/v1', 'tokenreviews', 'TokenReview', 'Cluster');
const accessReviews = resourceType<AccessReview>('authorization.k8s.io/v1', 'subjectaccessreviews', 'SubjectAccessReview', 'Cluster');

const authenticatedMs = 2 * 60_000;
const allowedMs = 5 * 60_000;
const deniedMs = 30_000;
/** Answers kept of each kind. */
const keptMax = 1000;

export type Admission =
  | { readonly outcome: 'allowed' }
  | { readonly outcome: 'refused'; readonly code: 401 | 403; readonly message: string };

export interface DoorAccess {
  /** Throws StatusError where the API cannot be asked. */
  admit(method: string, path: string, authorization: string | undefined): Promise<Admission>;
}

interface Kept<T> {
  readonly answer: T;
  readonly untilMs: number;
}

class Memory<T> {
  readonly #entries = new Map<string, Kept<T>>();
  readonly #clock: Pick<Clock, 'now'>;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  async get(key: string, keepMs: (answer: T) => number, ask: () => Promise<T>): Promise<T> {
    const now = this.#clock.now();
    const before = this.#entries.get(key);
    if (before !== undefined && before.untilMs > now) return before.answer;
    const answer = await ask();
    this.#entries.delete(key);
    this.#entries.set(key, { answer, untilMs: now + keepMs(answer) });
    if (this.#entries.size > keptMax) this.#entries.delete([...this.#entries.keys()][0] ?? '');
    return answer;
  }
}

export interface DoorAccessOptions {
  readonly client: Pick<Client, 'create'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly nodeName: string;
}

const unauthorized: Admission = { outcome: 'refused', code: 401, message: 'Unauthorized' };

export function createDoorAccess({ client, clock, nodeName }: DoorAccessOptions): DoorAccess {
  const users = new Memory<DoorUser | undefined>(clock);
  const decisions = new Memory<boolean>(clock);

  const userOf = async (token: string): Promise<DoorUser | undefined> => {
    const { status } = await client.create(tokenReviews, { metadata: {}, spec: { token } });
    return status?.authenticated === true ? (status.user ?? {}) : undefined;
  };

  const mayDo = async (user: DoorUser, verb: string, subresource: string): Promise<boolean> => {
    const resourceAttributes = { verb, version: 'v1', resource: 'nodes', subresource, name: nodeName };
    const { username, ...others } = user;
    const { status } = await client.create(accessReviews, { metadata: {}, spec: { ...others, user: username, resourceAttributes } });
    return status?.allowed === true;
  };

  return {
    async admit(method, path, authorization = '') {
      const token = /^bearer +(\S+)$/i.exec(authorization.trim())?.[1];
      if (token === undefined) return unauthorized;
      const tokenKey = createHash('sha256').update(token).digest('hex');
      const user = await users.get(
        tokenKey,
        () => authenticatedMs,
        () => userOf(token),
      );
      if (user === undefined) return unauthorized;
      const { verb, subresources } = doorRequest(method, path);
      for (const subresource of subresources) {
        const key = JSON.stringify([user, verb, subresource]);
        if (
          await decisions.get(
            key,
            (isAllowed) => (isAllowed ? allowedMs : deniedMs),
            () => mayDo(user, verb, subresource),
          )
        )
          return { outcome: 'allowed' };
      }
      const message = `Forbidden (user=${user.username ?? ''}, verb=${verb}, resource=nodes, subresource(s)=[${subresources.join(' ')}])`;
      return { outcome: 'refused', code: 403, message };
    },
  };
}
