/** Whether a program answers at a port, asked with bash alone: a test asks hundreds of times. */
import { CommandFailed, type Run } from '../../../agent/network/run.ts';

interface Port {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  readonly patienceMs: number;
}

const timedOut = 'exit code 124';
const refused = 'exit code 1';

/** False: refused, or no answer within the time. Without --norc, bash reads a user's .bashrc when its input is a socket, as Node's is. */
export async function reaches(from: Run, { protocol, address, port, patienceMs }: Port): Promise<boolean> {
  const question = protocol === 'udp' ? 'echo who >&3;' : '';
  const script = `exec 3<>/dev/${protocol}/${address}/${port} || exit 1; ${question} head -c 1 <&3`;
  try {
    return (await from(['timeout', `${patienceMs / 1000}`, 'bash', '--norc', '-c', script])) !== '';
  } catch (error) {
    if (error instanceof CommandFailed && [timedOut, refused].some((why) => error.message.includes(why))) return false;
    throw error;
  }
}
