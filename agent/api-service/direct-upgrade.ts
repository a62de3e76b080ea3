/** An upgrade that the API's own host carries: the client's bytes and the API's, passed on as they are. */
import { STATUS_CODES, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { splice } from '../relay/splice.ts';

export interface ClientEnd {
  readonly socket: Duplex;
  /** Bytes that came behind the client's request. */
  readonly head: Uint8Array;
}

/** False, with nothing written to the client, when the API answers with anything but an upgrade. Rejects when it does not answer. */
export function directUpgrade(call: ClientRequest, { socket, head }: ClientEnd): Promise<boolean> {
  return new Promise((resolve, reject) => {
    call.once('error', reject);
    call.once('response', (answer) => {
      answer.resume();
      resolve(false);
    });
    call.once('upgrade', (answer: IncomingMessage, api: Duplex, apiHead: Buffer) => {
      api.on('error', () => api.destroy());
      socket.once('close', () => api.destroy());
      socket.write(headOf(answer));
      if (apiHead.length > 0) socket.write(apiHead);
      if (head.length > 0) api.write(head);
      splice(socket, api).then(() => resolve(true), reject);
    });
    call.end();
  });
}

function headOf({ statusCode = 101, rawHeaders }: IncomingMessage): string {
  const lines = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1] ?? ''}\r\n`] : []));
  return `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode] ?? ''}\r\n${lines.join('')}\r\n`;
}
