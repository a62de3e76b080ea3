/** The KubeSchedulerConfiguration file of `hibernetes up`. */
import type { SchedulerConfiguration } from '../../functions/scheduler/configuration/configuration.ts';
import { readSchedulerConfiguration } from '../../functions/scheduler/configuration/read-configuration.ts';
import { fileText } from './file-text.ts';

export const readSchedulerFile = async (file: string): Promise<SchedulerConfiguration> =>
  readSchedulerConfiguration(fileText(file, `open ${file}: no such file or directory`));
