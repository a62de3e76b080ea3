/** Stands in for the SDK's package of all credential providers, where the environment is the only place to look. */

class CredentialsProviderError extends Error {
  override name = 'CredentialsProviderError';
}

export function defaultProvider(): () => Promise<never> {
  return () => Promise.reject(new CredentialsProviderError('the environment holds no credentials'));
}
