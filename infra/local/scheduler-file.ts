/** The KubeSchedulerConfiguration file of `hibernetes up`. */
import { readFileSync } from 'node:fs';
import type { SchedulerConfiguration } from '../../functions/scheduler/configuration/configuration.ts';
import { ConfigurationError, readSchedulerConfiguration } from '../../functions/scheduler/configuration/read-configuration.ts';
import { isMissing } from './data-directory.ts';

export async function readSchedulerFile(file: string): Promise<SchedulerConfiguration> {
  try {
    return await readSchedulerConfiguration(readFileSync(file, 'utf8'));
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new ConfigurationError(`open ${file}: no such file or directory`, { cause: error });
  }
}
