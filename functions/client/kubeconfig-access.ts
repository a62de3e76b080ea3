/** How a client reaches the cluster of a kubeconfig’s current context. Source: client-go, tools/clientcmd/api/v1/types.go. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import type { ClusterAccess } from './https-fetch.ts';

interface Named {
  readonly name: string;
}

interface Kubeconfig {
  readonly 'current-context'?: string;
  readonly contexts?: readonly (Named & { readonly context: { readonly cluster: string; readonly user: string } })[];
  readonly clusters?: readonly (Named & { readonly cluster: Readonly<Record<string, string>> })[];
  readonly users?: readonly (Named & { readonly user: Readonly<Record<string, unknown>> })[];
}

export class KubeconfigError extends Error {
  override name = 'KubeconfigError';
}

const named = <T extends Named>(list: readonly T[] | undefined, name: string | undefined): T | undefined =>
  list?.find((one) => one.name === name);

/** Certificates, keys and tokens, in the file or beside it. Programs that fetch credentials are not run. */
export function accessOfKubeconfig(file: string): ClusterAccess {
  const config = (parse(readFileSync(file, 'utf8')) ?? {}) as Kubeconfig;
  const context = named(config.contexts, config['current-context'])?.context;
  const cluster = named(config.clusters, context?.cluster)?.cluster;
  const user = named(config.users, context?.user)?.user ?? {};
  const server = cluster?.['server'];
  if (cluster === undefined || server === undefined) throw new KubeconfigError(`${file} has no current context with a server.`);

  const text = (of: Readonly<Record<string, unknown>>, field: string): string | undefined => {
    const [inline, path] = [of[`${field}-data`], of[field]];
    if (typeof inline === 'string') return Buffer.from(inline, 'base64').toString('utf8');
    return typeof path === 'string' ? readFileSync(resolve(dirname(file), path), 'utf8') : undefined;
  };
  const tokenFile = user['tokenFile'];
  const token = typeof tokenFile === 'string' ? readFileSync(resolve(dirname(file), tokenFile), 'utf8').trim() : user['token'];
  const [caPem, certificatePem, keyPem] = [
    text(cluster, 'certificate-authority'),
    text(user, 'client-certificate'),
    text(user, 'client-key'),
  ];
  return {
    server,
    ...(caPem === undefined ? {} : { caPem }),
    ...(certificatePem === undefined ? {} : { certificatePem }),
    ...(keyPem === undefined ? {} : { keyPem }),
    ...(typeof token === 'string' ? { token } : {}),
  };
}
