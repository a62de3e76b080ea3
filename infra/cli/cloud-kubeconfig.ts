/** A kubeconfig that holds no secret: kubectl runs this program, which signs in with the credentials that the AWS SDK finds. */
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ownProgram } from './own-program.ts';
import type { CloudCluster } from './cloud-stack.ts';

export interface CloudKubeconfigOptions {
  readonly stack: string;
  readonly region: string;
  readonly cluster: CloudCluster;
  /** One of several identities in AWS's own configuration, if it is not the default. */
  readonly profile: string | undefined;
}

/** Source: client-go, tools/clientcmd/api/v1/types.go (ExecConfig). */
export function cloudKubeconfig({ stack, region, cluster, profile }: CloudKubeconfigOptions): string {
  const name = `${stack}-${cluster.name}`;
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: process.execPath,
    args: [ownProgram, 'token', 'iam', '--region', region, '--cluster-id', cluster.iamClusterId],
    ...(profile === undefined ? {} : { env: [{ name: 'AWS_PROFILE', value: profile }] }),
    interactiveMode: 'IfAvailable',
    provideClusterInfo: false,
  };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: cluster.endpoint } }],
    users: [{ name, user: { exec } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
}

/** Beside what is kept of clusters of this machine. */
export const cloudFile = (dataDir: string, stack: string, name: string): string => join(dataDir, 'aws', stack, name);
