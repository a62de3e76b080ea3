/** Ends what would last longer than its host: a watch by its own time-out, so that the client sees it end well, anything else at the limit. */

/** The request with a watch's `timeoutSeconds` brought below the limit. */
export function boundedUrl(url: URL, secondsMax: number): URL {
  const watch = url.searchParams.get('watch');
  if (watch === null || watch === 'false' || watch === '0') return url;
  const asked = Number(url.searchParams.get('timeoutSeconds') ?? 'none');
  if (asked > 0 && asked <= secondsMax) return url;
  const bounded = new URL(url);
  bounded.searchParams.set('timeoutSeconds', String(Math.max(1, Math.floor(secondsMax))));
  return bounded;
}

export const isLog = (pathname: string): boolean => /^\/api\/v1\/namespaces\/[^/]+\/pods\/[^/]+\/log$/.test(pathname);
