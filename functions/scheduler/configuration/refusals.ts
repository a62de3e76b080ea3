/** How kube-scheduler's errors begin when the configuration is valid but a profile cannot be made of it. */
export const aProfile = (schedulerName: string): string => `initializing profiles: creating profile for scheduler name ${schedulerName}: `;
