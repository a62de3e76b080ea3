/**
 * Running commands inside a virtual machine through QEMU's guest agent: a socket on this side, a serial port on the
 * other. It needs no network and no password. Each request opens the socket anew, so a machine may restart in between.
 */
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The machine does not answer: it is starting, ending, or has no power. */
export class Unreachable extends Error {
  override name = 'Unreachable';
}

/** The agent answers a request at once; an emulated processor may need this long for it. */
const answerMsMax = 20_000;
/** Between questions whether a command has ended: each costs an emulated processor some hundredths of a second. */
const statusPeriodMs = { first: 100, growth: 1.5, most: 3000 } as const;

type Answer = Readonly<Record<string, unknown>>;

/** Lines that arrive, without what an earlier request left behind. */
async function* linesOf(socket: Socket): AsyncGenerator<string> {
  let text = '';
  for await (const part of socket.setEncoding('latin1') as AsyncIterable<string>) {
    const lines = (text + part).split('\n');
    text = lines.pop() ?? '';
    // The agent marks the answer to a synchronisation with a byte that JSON never holds.
    yield* lines.map((line) => Buffer.from(line.replaceAll('\u00ff', ''), 'latin1').toString('utf8'));
  }
}

async function converse(socket: Socket, request: object): Promise<unknown> {
  await once(socket, 'connect');
  const lines = linesOf(socket);
  const id = Number(process.hrtime.bigint() % 2_000_000_000n);
  const ask = async (command: object, isAnswer: (answer: Answer) => boolean): Promise<Answer> => {
    socket.write(`${JSON.stringify(command)}\n`);
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) throw new Unreachable('the machine closed the connection');
      const answer = JSON.parse(value === '' ? '{}' : value) as Answer;
      if (isAnswer(answer)) return answer;
    }
  };
  // The byte ends whatever half of a request the agent may still hold.
  socket.write(Buffer.from([0xff]));
  await ask({ execute: 'guest-sync-delimited', arguments: { id } }, (answer) => answer['return'] === id);
  const answer = await ask(request, () => true);
  if (answer['error'] !== undefined)
    throw new Error(`the guest agent refused ${JSON.stringify(request)}: ${JSON.stringify(answer['error'])}`);
  return answer['return'];
}

export async function askGuest(socketFile: string, request: object): Promise<unknown> {
  const socket = createConnection(socketFile);
  const timer = setTimeout(() => socket.destroy(new Unreachable(`no answer within ${answerMsMax} ms`)), answerMsMax);
  try {
    return await converse(socket, request);
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw new Unreachable(error.message, { cause: error });
    throw error;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

interface ExecStatus {
  readonly exited: boolean;
  readonly exitcode?: number;
  readonly signal?: number;
  readonly 'out-data'?: string;
  readonly 'err-data'?: string;
}

const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const decoded = (base64 = ''): string => Buffer.from(base64, 'base64').toString('utf8');

/** Runs a shell's command as root to its end, whatever its exit code. */
export async function runInGuest(socketFile: string, command: string, msMax: number): Promise<CommandResult> {
  const parameters = { path: '/bin/sh', arg: ['-c', command], env: [path, 'HOME=/root'], 'capture-output': true };
  const { pid } = (await askGuest(socketFile, { execute: 'guest-exec', arguments: parameters })) as { pid: number };
  const deadline = Date.now() + msMax;
  let periodMs: number = statusPeriodMs.first;
  for (;;) {
    const status = (await askGuest(socketFile, { execute: 'guest-exec-status', arguments: { pid } })) as ExecStatus;
    if (status.exited) {
      const code = status.exitcode ?? 128 + (status.signal ?? 0);
      return { code, stdout: decoded(status['out-data']), stderr: decoded(status['err-data']) };
    }
    if (Date.now() > deadline) throw new Error(`the machine did not end within ${msMax} ms: ${command}`);
    await sleep(periodMs);
    periodMs = Math.min(statusPeriodMs.most, periodMs * statusPeriodMs.growth);
  }
}
