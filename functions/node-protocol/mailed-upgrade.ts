/**
 * An upgrade where the host of the API carries none: the request asks for it in a header of ours. The answer is a ticket
 * for a tunnel by mail, in which the upgraded bytes go on.
 */

/** Holds what `Upgrade` of the client's request does. */
export const mailedUpgradeHeader = 'hibernetes-upgrade';
export const ticketType = 'application/vnd.hibernetes.tunnel+json';

export interface TunnelTicket {
  readonly id: string;
  readonly node: string;
  /** Base64. Only who asked, and the node, get it. */
  readonly key: string;
  /** Base64: what the caller sends first. */
  readonly head?: string;
}

/** Headers with those of an upgrade as the client sent them. */
export function withUpgrade(headers: Headers): Headers {
  const upgrade = headers.get(mailedUpgradeHeader);
  if (upgrade === null) return headers;
  const whole = new Headers(headers);
  whole.delete(mailedUpgradeHeader);
  whole.set('connection', 'Upgrade');
  whole.set('upgrade', upgrade);
  return whole;
}
