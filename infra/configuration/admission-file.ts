/** The AdmissionConfiguration file of `hibernetes up`. */
import { dirname, resolve } from 'node:path';
import { chosenKinds } from '../../functions/apiserver/admission/admission-plugins.ts';
import {
  type AdmissionSettings,
  type PluginConfiguration,
  readAdmissionConfiguration,
} from '../../functions/apiserver/admission/configuration.ts';
import { fileText } from './file-text.ts';

/** Throws what is wrong with the names. */
export const checkAdmissionSettings = (settings: AdmissionSettings): void => void chosenKinds(settings);

/** Files that it names lie beside it. */
export const readAdmissionFile = (file: string): Promise<PluginConfiguration[]> =>
  readAdmissionConfiguration(textOf(file, file), (path) => textOf(resolve(dirname(file), path), path));

const textOf = (file: string, shown: string): string =>
  fileText(file, `unable to read admission control configuration from ${JSON.stringify(shown)} [open ${file}: no such file or directory]`);
