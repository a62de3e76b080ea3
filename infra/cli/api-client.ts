/** The API as a command uses it: with the administrator's credentials. Each failure becomes a sentence for the user. */
import type { Client } from '../../functions/client/client.ts';
import { createHttpClient } from '../../functions/client/http-client.ts';
import { ConnectionError, createHttpsFetch, type ClusterAccess } from '../../functions/client/https-fetch.ts';
import { accessOfKubeconfig, KubeconfigError } from '../../functions/client/kubeconfig-access.ts';
import { StatusError } from '../../functions/kube/status-error.ts';
import { dataDirectory, readIfThere } from '../local/data-directory.ts';
import { CliError } from './cli-error.ts';
import { execToken } from './exec-credential.ts';

/** Where a command finds its cluster: one of its own, or any other. */
export interface ClusterChoice {
  readonly dataDir: string;
  readonly kubeconfig?: string;
}

export interface ApiAccess {
  readonly access: ClusterAccess;
  readonly client: Client;
  fetch(path: string): Promise<Response>;
  /** The body goes as JSON. */
  send(method: string, path: string, body: unknown): Promise<Response>;
}

export function clusterAccess({ dataDir, kubeconfig }: ClusterChoice): ClusterAccess {
  const file = kubeconfig ?? dataDirectory(dataDir).kubeconfig;
  if (readIfThere(file) === undefined) {
    if (kubeconfig !== undefined) throw new CliError(`There is no file ${kubeconfig}.`);
    throw new CliError(`There is no cluster in ${dataDir}.`, 'hibernetes up makes one.');
  }
  const access = accessOfKubeconfig(file);
  const token = execToken(file);
  return token === undefined ? access : { ...access, token };
}

const requestTimeoutMs = 15_000;

/** Runs the work with a client. Failures are worded so that a user can answer them. */
export const withApi = <T>(choice: ClusterChoice, work: (api: ApiAccess) => Promise<T>): Promise<T> =>
  withAccess(() => clusterAccess(choice), work);

export async function withAccess<T>(accessOf: () => ClusterAccess, work: (api: ApiAccess) => Promise<T>): Promise<T> {
  try {
    const access = accessOf();
    const https = createHttpsFetch(access);
    const fetch = (request: Request): Promise<Response> => https(new Request(request, { signal: AbortSignal.timeout(requestTimeoutMs) }));
    const client = createHttpClient({ fetch, baseUrl: access.server, userAgent: 'hibernetes' });
    try {
      return await work({
        access,
        client,
        fetch: (path) => fetch(new Request(`${access.server}${path}`)),
        send: (method, path, body) =>
          fetch(
            new Request(`${access.server}${path}`, { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
          ),
      });
    } finally {
      https.close();
    }
  } catch (error) {
    throw asCliError(error);
  }
}

function asCliError(error: unknown): unknown {
  if (error instanceof ConnectionError)
    return new CliError(`The API does not answer: ${error.message}.`, 'hibernetes status shows what runs.');
  if (error instanceof StatusError) return new CliError(`The API refused: ${error.message}`);
  return error instanceof KubeconfigError ? new CliError(error.message) : error;
}
