/** How a request is turned away. Source: apiserver, pkg/server/filters/priority-and-fairness.go, tooManyRequests. */

export class TooManyRequests extends Error {
  override name = 'TooManyRequests';

  constructor() {
    super('Too many requests, please try again later.');
  }

  toResponse(): Response {
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff', 'retry-after': '1' };
    return new Response(`${this.message}\n`, { status: 429, headers });
  }
}

export const tooManyRequests = (): TooManyRequests => new TooManyRequests();
