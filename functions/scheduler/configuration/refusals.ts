/** What is wrong with a KubeSchedulerConfiguration, as kube-scheduler reports it when it ends. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError';
}

/** How it begins when the configuration is valid but a profile cannot be made of it. */
export const aProfile = (schedulerName: string): string => `initializing profiles: creating profile for scheduler name ${schedulerName}: `;
