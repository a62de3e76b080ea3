/** The AdmissionConfiguration file of `hibernetes up`. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { chosenKinds } from '../../functions/apiserver/admission/admission-plugins.ts';
import {
  type AdmissionSettings,
  ConfigurationError,
  type PluginConfiguration,
  readAdmissionConfiguration,
} from '../../functions/apiserver/admission/configuration.ts';
import { isMissing } from './data-directory.ts';

/** Throws what is wrong with the names. */
export const checkAdmissionSettings = (settings: AdmissionSettings): void => void chosenKinds(settings);

/** Files that it names lie beside it. */
export const readAdmissionFile = (file: string): Promise<PluginConfiguration[]> =>
  readAdmissionConfiguration(textOf(file, file), (path) => textOf(resolve(dirname(file), path), path));

function textOf(file: string, shown: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (!isMissing(error)) throw error;
    const text = `unable to read admission control configuration from ${JSON.stringify(shown)} [open ${file}: no such file or directory]`;
    throw new ConfigurationError(text, { cause: error });
  }
}
