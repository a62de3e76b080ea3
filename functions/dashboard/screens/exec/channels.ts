/** The frames of `v4.channel.k8s.io` and `v5.channel.k8s.io`: a byte for the channel, then its bytes. Source: client-go, tools/remotecommand/websocket.go. Pure. */

export const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;

export function frame(channel: number, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(bytes.length + 1);
  whole[0] = channel;
  whole.set(bytes, 1);
  return whole;
}

export const resizeFrame = (columns: number, rows: number): Uint8Array<ArrayBuffer> =>
  frame(channels.resize, new TextEncoder().encode(JSON.stringify({ Width: columns, Height: rows })));

/** How a program ended, as the last frame has it. */
export function endText(status: string): string {
  const { status: outcome = '', message = '' } = JSON.parse(status) as { readonly status?: string; readonly message?: string };
  return outcome === 'Success' ? 'It has ended.' : `It has ended: ${message}`;
}

/** The token goes as a protocol, since a browser's WebSocket sends no header. */
export function protocolsOf(token: string | undefined): string[] {
  const encoded = btoa(String.fromCharCode(...new TextEncoder().encode(token ?? '')));
  const url = encoded.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  // Older runtimes know the fourth version, in which a client cannot end its input.
  return ['v5.channel.k8s.io', 'v4.channel.k8s.io', ...(token === undefined ? [] : [`base64url.bearer.authorization.k8s.io.${url}`])];
}
