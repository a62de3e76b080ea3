/**
 * A Kubernetes client whose types and paths are generated from the API's own description (`/openapi/v3`) and whose
 * calls are openapi-fetch's: `client.GET('/api/v1/nodes')`. The package offers it as `hibernetes/client`.
 */
import createFetchClient, { type Client } from 'openapi-fetch';
import { createHttpsFetch, type ClusterAccess } from '../../functions/client/https-fetch.ts';
import { accessOfKubeconfig } from '../../functions/client/kubeconfig-access.ts';
import type { components, paths } from './generated/schema.d.ts';

export interface KubernetesClient extends Client<paths> {
  /** Ends idle connections, so that they keep no process alive. */
  close(): void;
}

/** The kinds by their names in the description: `Schemas['io.k8s.api.core.v1.Pod']`. */
export type Schemas = components['schemas'];

export function createClient(access: ClusterAccess): KubernetesClient {
  const fetch = createHttpsFetch(access);
  const client = createFetchClient<paths>({ baseUrl: access.server, fetch });
  return { ...client, close: () => fetch.close() };
}

/** With the credentials of a kubeconfig's current context. */
export const clientOfKubeconfig = (file: string): KubernetesClient => createClient(accessOfKubeconfig(file));

/** A refusal as an error: the generated calls return it. */
export class RefusedError extends Error {
  override name = 'RefusedError';
  readonly status: Schemas['io.k8s.apimachinery.pkg.apis.meta.v1.Status'];

  constructor(status: Schemas['io.k8s.apimachinery.pkg.apis.meta.v1.Status']) {
    super(status.message ?? status.reason ?? 'refused');
    this.status = status;
  }
}

interface Result<T> {
  readonly data?: T;
  readonly error?: Schemas['io.k8s.apimachinery.pkg.apis.meta.v1.Status'];
}

/** The answer, or a RefusedError. */
export async function done<T>(result: Promise<Result<T>>): Promise<T> {
  const { data, error } = await result;
  if (error !== undefined) throw new RefusedError(error);
  return data as T;
}
