/**
 * Speaks and listens inside a network namespace, so that tests see what a pod would see.
 *   echo.ts serve PORT NAME          answers every TCP connection and UDP datagram with "NAME CALLER\n"
 *   echo.ts ask tcp|udp ADDRESS PORT COUNT MS   asks COUNT times, prints a line each; errors as their code
 *   echo.ts resolve SERVER TYPE NAME    what a name server says, as JSON; errors as their code
 *   echo.ts dns ADDRESS UPSTREAM        a name server that takes lines of {services, endpointSlices} on its input
 */
import { Resolver } from 'node:dns/promises';
import { createInterface } from 'node:readline';
import { createDns } from '../../../agent/dns/dns-server.ts';
import { realWorld } from '../../../functions/world.ts';
import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';

const [, , mode = '', ...args] = process.argv;
const resolveMs = 20_000;

function serve(port: number, name: string): void {
  const udp = createSocket('udp4');
  udp.on('message', (_, { address, port: from }) => udp.send(`${name} ${address}`, from, address));
  createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(`${name} ${socket.remoteAddress?.replace('::ffff:', '')}`);
  }).listen(port, '0.0.0.0', () => udp.bind(port, () => process.stdout.write('ready\n')));
}

const askTcp = (address: string, port: number, patienceMs: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: patienceMs });
    let text = '';
    socket.on('data', (chunk) => (text += chunk));
    socket.on('timeout', () => socket.destroy(Object.assign(new Error(), { code: 'TIMEOUT' })));
    socket.on('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    socket.on('end', () => resolve(text));
  });

const askUdp = (address: string, port: number, patienceMs: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = createSocket('udp4');
    const answer = (text: string): void => {
      clearTimeout(timer);
      socket.close();
      resolve(text);
    };
    const timer = setTimeout(() => answer('TIMEOUT'), patienceMs);
    socket.on('error', (error) => answer('code' in error ? String(error.code) : error.message));
    socket.on('message', (message) => answer(message.toString()));
    socket.connect(port, address, () => socket.send('who'));
  });

if (mode === 'serve') serve(Number(args[0]), args[1] ?? '');
if (mode === 'ask') {
  const [protocol, address = '', port, count, patienceMs] = args;
  for (let turn = 0; turn < Number(count); turn += 1) {
    process.stdout.write(`${await (protocol === 'udp' ? askUdp : askTcp)(address, Number(port), Number(patienceMs))}\n`);
  }
}
if (mode === 'resolve') {
  const [server = '', type = '', name = ''] = args;
  const resolver = new Resolver({ timeout: resolveMs, tries: 1 });
  resolver.setServers([server]);
  const answer = await resolver
    .resolve(name, type)
    .catch((error: unknown) => (error instanceof Error && 'code' in error ? error.code : error));
  process.stdout.write(JSON.stringify(answer));
}
if (mode === 'dns') {
  const [address = '', upstream = ''] = args;
  const dns = await createDns({ address, clusterDomain: 'cluster.local', upstreams: [upstream], ...realWorld() });
  createInterface(process.stdin).on('line', (line) => {
    const { services, endpointSlices } = JSON.parse(line);
    dns.update(services, endpointSlices);
    process.stdout.write('ready\n');
  });
}
