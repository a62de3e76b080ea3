/** The client's request as the agent repeats it to the runtime's streaming server. */
import type { ContainerRelay } from '../../functions/node-protocol/node-poll.ts';

/** The path is the one-time URL's; the headers are the client's, since they carry the upgrade. */
export function replayedRequest(request: Pick<ContainerRelay, 'method' | 'headers' | 'query' | 'subresource'>, url: URL): string {
  const own = request.headers.filter(([name]) => name.toLowerCase() !== 'host');
  // Port forwarding over WebSocket names its ports in the query.
  const query = request.subresource === 'portforward' && request.query !== '' ? `?${portsOnly(request.query)}` : url.search;
  const lines = [
    `${request.method} ${url.pathname}${query} HTTP/1.1`,
    `Host: ${url.host}`,
    ...own.map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

const portText = /^\d{1,5}$/;

/** Nothing else of the client's query goes on. */
function portsOnly(query: string): string {
  const ports = new URLSearchParams(query)
    .getAll('ports')
    .flatMap((value) => value.split(','))
    .filter((port) => portText.test(port));
  return ports.map((port) => `port=${port}`).join('&');
}
