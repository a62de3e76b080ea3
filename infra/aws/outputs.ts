/** What a stack says of itself when it stands, by names that do not change: the command line reads them. */
import { capitalised } from './capitalised.ts';

export const stackOutputs = { table: 'TableName', nodeRole: 'NodeRole', choices: 'Choices' } as const;

export const clusterOutputs = (cluster: string): { readonly endpoint: string; readonly iamClusterId: string } => ({
  endpoint: `${capitalised(cluster)}ClusterEndpoint`,
  iamClusterId: `${capitalised(cluster)}ClusterIamId`,
});
