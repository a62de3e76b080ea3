/** Asks the API how its cluster is. */
import type { ApiAccess } from './api-client.ts';
import { clusterHealth, type ClusterHealth } from './cluster-health.ts';

export function askHealth({ client, fetch }: ApiAccess): Promise<ClusterHealth> {
  const readyz = async (): Promise<string> => {
    const response = await fetch('/readyz');
    return response.ok ? 'healthy' : `not healthy: ${response.status} ${(await response.text()).slice(0, 200)}`;
  };
  return clusterHealth(client, readyz);
}
