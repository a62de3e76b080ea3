/** The clusters that share the cloud of a data directory. */
import { join } from 'node:path';
import { adminTokenOf } from '../../functions/cloud/admin-token.ts';
import { clusterPath } from '../../functions/cloud/cluster-address.ts';
import type { ClusterIdentity } from '../../functions/cloud/clusters.ts';
import { envelopeSecretName } from '../local/cloud/small-services.ts';
import { sharedTable, tableAccess, tableAccessAt } from '../local/cloud/shared-table.ts';
import { clientServerOf, clusterRecord, serverOf } from '../local/cluster-record.ts';
import { dataDirectory, readIfThere } from '../local/data-directory.ts';
import { kubeconfig } from '../local/kubeconfig.ts';
import { adminName } from '../local/pki.ts';
import { runningProcess } from '../local/process-record.ts';
import { withAccess } from './api-client.ts';
import { CliError } from './cli-error.ts';
import type { ClusterHome } from './cluster-home.ts';

/** Undefined: the data directory holds no cloud. */
export function localHome(dataDir: string): ClusterHome | undefined {
  const directory = dataDirectory(dataDir);
  const [record, table] = [clusterRecord(directory), sharedTable(directory)];
  if (record?.cloud === undefined || table === undefined) return undefined;
  if (runningProcess(directory.controlPlaneRecord) === undefined)
    throw new CliError(`The cloud in ${dataDir} is stopped.`, 'hibernetes up resumes it.');
  const { adminSecret, defaultCluster: defaultName } = table;
  const caPem = readIfThere(join(directory.pki, 'ca.crt')) ?? '';
  const pathOf = (name: string): string => (name === defaultName ? '' : clusterPath(name));
  const serverOfCluster = (name: string): string => serverOf(record) + pathOf(name);
  const tokenOf = ({ id }: ClusterIdentity): string => adminTokenOf(adminSecret, id);
  return {
    title: `the cloud in ${dataDir}`,
    defaultName,
    endedBy: 'hibernetes down --delete-data',
    ...tableAccess(table),
    envelope: { secret: envelopeSecretName, access: tableAccessAt(table.secretEndpoint) },
    serverOf: serverOfCluster,
    kubeconfigOf: (cluster) =>
      kubeconfig({
        clusterName: `hibernetes-${cluster.name}`,
        server: clientServerOf(record) + pathOf(cluster.name),
        caPem,
        userName: adminName,
        credential: { token: tokenOf(cluster) },
      }),
    kubeconfigFile: (name) => (name === defaultName ? directory.kubeconfig : join(directory.root, 'clusters', `${name}.kubeconfig`)),
    withApi: (cluster, work) => withAccess(() => ({ server: serverOfCluster(cluster.name), caPem, token: tokenOf(cluster) }), work),
    nodeRoleOf: () => undefined,
  };
}
