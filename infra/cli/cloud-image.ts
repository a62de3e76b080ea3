/**
 * Which image new machines are made of. It is chosen once, when a stack first has machines, and stays: an image that changed
 * by itself would replace every machine with the next deployment.
 */
import { jsonService } from '../../functions/aws/json-service.ts';
import { realWorld } from '../../functions/world.ts';
import { latestImage, type Choices } from '../aws/deployment.ts';
import { CliError } from './cli-error.ts';
import { CloudError, CloudUnreachable } from './cloud-request.ts';
import type { CloudAccount } from './cloud-account.ts';

const answerMsMax = 30_000;
const architectureDefault = 'arm64';

/** Amazon publishes the id of its newest image there. Source: Amazon Linux 2023 User Guide, "Launching AL2023 using the SSM parameter". */
const parameterOf = (architecture: string): string => `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-${architecture}`;

const architectureOf = ({ nodeArchitecture = architectureDefault }: Choices): string => nodeArchitecture;

/** Whether the newest image is to be asked for: none was chosen, the newest was, or the one before is for other processors. */
export function needsImage(before: Choices, choices: Choices): boolean {
  if (Number(choices.nodes ?? 0) === 0) return false;
  if (choices.nodeImage === undefined || choices.nodeImage === latestImage) return true;
  return choices.nodeImage === before.nodeImage && architectureOf(before) !== architectureOf(choices);
}

async function newestImage({ region, credentials }: CloudAccount, architecture: string): Promise<string> {
  const { clock } = realWorld('error');
  const service = jsonService({ region, credentials, service: 'ssm', target: 'AmazonSSM', version: '1.1', clock, answerMsMax });
  try {
    const answer = (await service.call('GetParameter', { Name: parameterOf(architecture) })) as { Parameter?: { Value?: string } };
    const image = answer.Parameter?.Value;
    if (image === undefined) throw new CliError(`Amazon names no image for ${architecture}.`, '--context nodeImage=ami-… chooses one.');
    return image;
  } catch (error) {
    if (error instanceof CliError || !(error instanceof Error)) throw error;
    if ('status' in error) throw new CloudError(error.name, error.message);
    throw new CloudUnreachable(error.message, { cause: error });
  } finally {
    service.close();
  }
}

export async function withImage(account: CloudAccount, before: Choices, choices: Choices): Promise<Choices> {
  if (!needsImage(before, choices)) return choices;
  return { ...choices, nodeImage: await newestImage(account, architectureOf(choices)) };
}
