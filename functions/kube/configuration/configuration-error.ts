/** What is wrong with a document that configures a component, as upstream's component reports it when it ends. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError';
}
