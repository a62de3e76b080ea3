/** The outputs of a stack. The command line reads them, so their names do not change. */
import { capitalised } from './capitalised.ts';

export const stackOutputs = {
  table: 'TableName',
  endpoint: 'Endpoint',
  iamScope: 'IamScope',
  nodeRole: 'NodeRole',
  envelopeSecret: 'EnvelopeSecret',
  choices: 'Choices',
} as const;

/** For people who read the stack's outputs. The command line gets the same values from the other outputs. */
export const clusterOutputs = (cluster: string): { readonly endpoint: string; readonly iamId: string } => ({
  endpoint: `Cluster${capitalised(cluster)}Endpoint`,
  iamId: `Cluster${capitalised(cluster)}IamId`,
});
