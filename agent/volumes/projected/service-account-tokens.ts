/**
 * Tokens of pods' ServiceAccounts, requested from the apiserver with the node's own credential. Each is kept until most of
 * its life is over. It is bound to its pod, and ends with it. Source: pkg/kubelet/token/token_manager.go
 */
import type { Client } from '../../../functions/client/client.ts';
import type { Pod, ServiceAccountTokenProjection, TokenRequest } from '../../../functions/kube/generated/types.ts';
import { nameOf, namespaceOf, uidOf } from '../../../functions/kube/object.ts';
import { serviceAccounts } from '../../../functions/kube/resource-type.ts';
import type { World } from '../../../functions/world.ts';
import { specOf } from '../../pods/pod-facts.ts';

export interface ServiceAccountTokens {
  /** Throws Error in upstream's words when there is none to be had. */
  token(pod: Pod, projection: ServiceAccountTokenProjection): Promise<string>;
}

interface Kept {
  readonly token: string;
  readonly expiresMs: number;
  readonly refreshMs: number;
}

const lifetimeSecondsDefault = 3600;
/** The share of its life after which a token is replaced. */
const shareUsed = 0.8;
const ageMsMax = 24 * 3600 * 1000;
/** So that the tokens of a node are not all replaced in one moment. */
const jitterMsMax = 10_000;

export interface TokenOptions extends Pick<World, 'clock' | 'random' | 'log'> {
  readonly client: Pick<Client, 'createSubresource'>;
}

export function createServiceAccountTokens({ client, clock, random, log }: TokenOptions): ServiceAccountTokens {
  const kept = new Map<string, Kept>();

  const ask = async (pod: Pod, { audience, expirationSeconds = lifetimeSecondsDefault }: ServiceAccountTokenProjection): Promise<Kept> => {
    const askedMs = clock.now();
    const at = { namespace: namespaceOf(pod), name: specOf(pod).serviceAccountName ?? 'default' };
    const answer = await client.createSubresource<TokenRequest>(serviceAccounts, at, 'token', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        ...(audience === undefined || audience === '' ? {} : { audiences: [audience] }),
        expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: nameOf(pod), uid: uidOf(pod) },
      },
    });
    const { token = '', expirationTimestamp = '' } = answer.status ?? {};
    const expiresMs = Date.parse(expirationTimestamp);
    const ageMs = Math.min(ageMsMax, (expiresMs - askedMs) * shareUsed);
    return { token, expiresMs, refreshMs: askedMs + ageMs - random.next() * jitterMsMax };
  };

  return {
    async token(pod, projection) {
      const key = [uidOf(pod), projection.audience ?? '', projection.expirationSeconds ?? ''].join(' ');
      const before = kept.get(key);
      if (before !== undefined && clock.now() < before.refreshMs) return before.token;
      for (const [other, { expiresMs }] of kept) if (expiresMs <= clock.now()) kept.delete(other);
      try {
        const fresh = await ask(pod, projection);
        kept.set(key, fresh);
        return fresh.token;
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        // The old one is still good for a while.
        if (before === undefined || before.expiresMs <= clock.now())
          throw new Error(`failed to fetch token: ${error.message}`, { cause: error });
        log.warn('a token could not be renewed yet', { pod: uidOf(pod), error: error.message });
        return before.token;
      }
    },
  };
}
