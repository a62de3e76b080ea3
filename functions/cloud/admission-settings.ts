/** Which admission plug-ins the clusters of a stack run: what a deployment chose, as one setting of its functions. */
import type { ChosenPlugins } from '../api.ts';
import { admissionPlugins, chosenKinds } from '../apiserver/admission/admission-plugins.ts';
import { type AdmissionSettings, ConfigurationError, readAdmissionConfiguration } from '../apiserver/admission/configuration.ts';

export interface ChosenAdmission extends AdmissionSettings {
  /** An AdmissionConfiguration, as YAML or JSON. */
  readonly configuration?: string;
}

/** Throws what is wrong with the names. */
export const checkAdmission = (chosen: ChosenAdmission): void => void chosenKinds(chosen);

export async function admissionSettings({ configuration, ...names }: ChosenAdmission): Promise<ChosenPlugins> {
  const settings =
    configuration === undefined ? names : { ...names, configurations: await readAdmissionConfiguration(configuration, refuseFile) };
  return (options) => admissionPlugins(options, settings);
}

/** The functions have the file alone. */
function refuseFile(path: string): never {
  throw new ConfigurationError(`the configuration of a plug-in must stand in the file itself, not in ${path}`);
}
