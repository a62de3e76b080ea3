/** The token of an `Authorization` header. The header is a stranger's: its length is looked at first. */

/** Several times as long as the longest token that this cluster, or AWS, issues. */
const headerLengthMax = 16_384;
const scheme = 'bearer ';

/** Undefined: no token is shown, or none that could be anybody's. */
export function bearerTokenOf(authorization: string | null): string | undefined {
  if (authorization === null || authorization.length > headerLengthMax) return undefined;
  const text = authorization.trim();
  if (text.slice(0, scheme.length).toLowerCase() !== scheme) return undefined;
  const token = text.slice(scheme.length).trim();
  return token === '' ? undefined : token;
}
