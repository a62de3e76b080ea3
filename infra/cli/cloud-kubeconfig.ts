/** A kubeconfig that holds no secret: whoever uses it signs in with AWS, by a program that kubectl runs. */
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { CloudCluster } from './cloud-stack.ts';

export interface CloudKubeconfigOptions {
  readonly stack: string;
  readonly region: string;
  readonly cluster: CloudCluster;
  /** One of several identities in AWS's own configuration, if it is not the default. */
  readonly profile: string | undefined;
}

const installHint = 'Signing in takes the aws command line, version 1.16.156 or newer: https://aws.amazon.com/cli/';

/** Source: client-go, tools/clientcmd/api/v1/types.go (ExecConfig); aws eks update-kubeconfig. */
export function cloudKubeconfig({ stack, region, cluster, profile }: CloudKubeconfigOptions): string {
  const name = `${stack}-${cluster.name}`;
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1beta1',
    command: 'aws',
    args: ['--region', region, 'eks', 'get-token', '--cluster-name', cluster.iamClusterId, '--output', 'json'],
    ...(profile === undefined ? {} : { env: [{ name: 'AWS_PROFILE', value: profile }] }),
    interactiveMode: 'IfAvailable',
    provideClusterInfo: false,
    installHint,
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
