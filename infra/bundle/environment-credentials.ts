/** Stands in for the SDK's package of all credential providers, where credentials come from the environment only. */

class CredentialsProviderError extends Error {
  override name = 'CredentialsProviderError';
}

export function defaultProvider(): () => Promise<never> {
  return () => Promise.reject(new CredentialsProviderError('the environment holds no credentials'));
}
