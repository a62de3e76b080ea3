/**
 * Runs in the network of an emulator that checks no credentials, and that no other process can reach. It is given a socket of the
 * machine's network. Requests that know the secret path are passed on to the emulator.
 */
import { Agent, createServer, request as httpRequest, type RequestListener } from 'node:http';
import type { Server } from 'node:net';
import { guarded } from './guarded-server.ts';

/** Over the process's channel, since other users see a program's arguments. Its socket comes along. */
export interface RelayStart {
  readonly path: string;
  readonly port: number;
}

const agent = new Agent({ keepAlive: true });

const passOn =
  (port: number): RequestListener =>
  (incoming, outgoing) => {
    const { method = 'GET', url = '/', headers } = incoming;
    const call = httpRequest({ host: '127.0.0.1', port, agent, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
      answer.once('error', () => outgoing.destroy());
    });
    call.once('error', () => outgoing.destroy());
    outgoing.once('close', () => call.destroy());
    incoming.pipe(call);
  };

process.once('message', ({ path, port }: RelayStart, socket: Server) => {
  const server = createServer(guarded(path, passOn(port)));
  server.listen(socket, () => process.send?.('listens'));
});
process.on('disconnect', () => process.exit());
