/** The API of a cluster on AWS, and who is a node there: machines whose role kube-system/aws-auth maps. */
import { parse, stringify } from 'yaml';
import type { Client } from '../../functions/client/client.ts';
import { ConnectionError } from '../../functions/client/https-fetch.ts';
import type { ConfigMap } from '../../functions/kube/generated/types.ts';
import { configMaps, namespaces } from '../../functions/kube/resource-type.ts';
import { isNotFound, StatusError } from '../../functions/kube/status-error.ts';
import { withAccess, type ApiAccess } from './api-client.ts';
import { CliError } from './cli-error.ts';
import type { CloudAccount } from './cloud-account.ts';
import type { CloudCluster } from './cloud-stack.ts';

const place = { name: 'aws-auth', namespace: 'kube-system' };
const unauthorized = 401;

export async function withCloudApi<T>(account: CloudAccount, cluster: CloudCluster, work: (api: ApiAccess) => Promise<T>): Promise<T> {
  const token = await account.tokenFor(cluster.iamClusterId);
  return withAccess(() => ({ server: cluster.endpoint, token }), work);
}

/** The map with the role in it; undefined when it is there already. */
export function withNodeRole(map: ConfigMap, role: string): ConfigMap | undefined {
  const roles: unknown = parse(map.data?.['mapRoles'] ?? '[]');
  const known = Array.isArray(roles) ? (roles as readonly { readonly rolearn?: unknown }[]) : [];
  if (known.some(({ rolearn }) => rolearn === role)) return undefined;
  const entry = { rolearn: role, username: 'system:node:{{SessionName}}', groups: ['system:nodes'] };
  return { ...map, data: { ...map.data, mapRoles: stringify([...known, entry]) } };
}

export async function mapNodeRole(client: Client, role: string): Promise<void> {
  let before: ConfigMap | undefined;
  try {
    before = await client.get(configMaps, place);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  const after = withNodeRole(before ?? { metadata: place }, role);
  if (after === undefined) return;
  if (before === undefined) await client.create(configMaps, after);
  else await client.update(configMaps, after);
}

export interface Patience {
  readonly triesMax: number;
  readonly pauseMs: number;
}

/** A new endpoint takes minutes to be known everywhere. */
const patienceDefault: Patience = { triesMax: 40, pauseMs: 3000 };

/** A cluster that functions have not read of yet answers as to a stranger: they read the list again within seconds. */
const strangerTriesMax = 5;

/** Until the API answers and its own namespaces are there. */
export async function untilReady(client: Client, { triesMax, pauseMs }: Patience = patienceDefault): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await client.get(namespaces, { namespace: '', name: place.namespace });
      return;
    } catch (error) {
      const isStranger = error instanceof StatusError && error.code === unauthorized;
      if (isStranger && tries >= strangerTriesMax)
        throw new CliError(
          'The API does not know who this is.',
          'hibernetes deploy with the same credentials makes them an administrator.',
        );
      const isYoung = error instanceof ConnectionError || isNotFound(error) || (error instanceof StatusError && error.code >= 500);
      if (!isStranger && (!isYoung || tries >= triesMax)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
