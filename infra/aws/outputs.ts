/** What a stack says of itself when it stands, by names that do not change: the command line reads them. */
import { capitalised } from './capitalised.ts';

export const stackOutputs = {
  table: 'TableName',
  endpoint: 'Endpoint',
  iamScope: 'IamScope',
  nodeRole: 'NodeRole',
  envelopeSecret: 'EnvelopeSecret',
  choices: 'Choices',
} as const;

/** For people: the command line knows what they say from the others. */
export const clusterOutputs = (cluster: string): { readonly endpoint: string; readonly iamId: string } => ({
  endpoint: `Cluster${capitalised(cluster)}Endpoint`,
  iamId: `Cluster${capitalised(cluster)}IamId`,
});
