/** Carries the entries of a caller's tunnel by requests to the API: one streamed answer brings them, single requests send them. */
import type { IncomingMessage } from 'node:http';
import type { Status } from '../../functions/kube/generated/types.ts';
import type { TunnelTicket } from '../../functions/node-protocol/mailed-upgrade.ts';
import { entriesPath } from '../../functions/node-protocol/node-poll.ts';
import { StatusError } from '../../functions/kube/status-error.ts';
import type { Carrier, NumberedEntry } from '../../functions/tunnel/carrier.ts';
import { patiently } from '../../functions/tunnel/patient.ts';
import { recordsOf, tickMissingMs } from '../../functions/tunnel/records.ts';
import { isMarkedLast } from '../../functions/tunnel/sealed-entry.ts';
import type { World } from '../../functions/world.ts';
import { jointSignal } from '../joint-signal.ts';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal;
}

/** Sends a request to the API as the caller. */
export type Ask = (asked: Asked) => Promise<IncomingMessage>;

const answerBytesMax = 1 << 20;
const relistenMs = 500;

/** The body, at most so many bytes of it. */
export async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > answerBytesMax) break;
  }
  return Buffer.concat(chunks).subarray(0, answerBytesMax);
}

export async function refusalOf(message: IncomingMessage): Promise<StatusError> {
  const code = message.statusCode ?? 500;
  const text = (await bodyOf(message)).toString();
  try {
    const status = JSON.parse(text) as Status;
    if (status.kind === 'Status') return StatusError.fromStatus(status);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return new StatusError(code, 'InternalError', `the server answered ${code}`);
}

export interface RequestCarrierOptions extends Pick<World, 'clock'> {
  readonly ask: Ask;
  /** Ends all: nothing is sent any more. */
  readonly ended: AbortSignal;
}

export function requestCarrier({ id, node }: TunnelTicket, { ask, clock, ended }: RequestCarrierOptions): Carrier {
  const pathOf = (query: Readonly<Record<string, string>>): string =>
    `${entriesPath('tunnels', id)}?${new URLSearchParams({ node, ...query }).toString()}`;

  async function put({ number, bytes }: NumberedEntry): Promise<void> {
    const headers = { 'content-type': 'application/octet-stream', 'content-length': String(bytes.length) };
    const answer = await ask({ method: 'POST', path: pathOf({ number: String(number) }), headers, body: bytes, signal: ended });
    if (answer.statusCode !== 204) throw await refusalOf(answer);
    answer.resume();
  }

  async function listen(after: number, signal: AbortSignal): Promise<IncomingMessage> {
    const answer = await ask({ method: 'GET', path: pathOf({ after: String(after) }), signal });
    if (answer.statusCode !== 200) throw await refusalOf(answer);
    return answer;
  }

  async function* listened(after: number, signal: AbortSignal): AsyncGenerator<NumberedEntry> {
    const ending = new AbortController();
    const missing = (): void => ending.abort(new Error('the stream of entries does not respond'));
    const joint = jointSignal(signal, ending.signal);
    const message = await patiently({ clock }, signal, () => listen(after, joint.signal));
    let cancel = clock.after(tickMissingMs, missing);
    try {
      for await (const record of recordsOf(message)) {
        cancel();
        cancel = clock.after(tickMissingMs, missing);
        if (record.type === 'entry') yield record;
      }
    } catch (error) {
      // What follows is asked for again.
      if (!(error instanceof Error) || signal.aborted) throw error;
    } finally {
      cancel();
      joint.release();
      message.destroy();
    }
  }

  return {
    put: (entry) => patiently({ clock }, ended, () => put(entry)),
    async *entries(signal) {
      for (let last = 0; !signal.aborted;) {
        for await (const entry of listened(last, signal)) {
          yield entry;
          last = entry.number;
          if (isMarkedLast(entry.bytes)) return;
        }
        if (!signal.aborted) await clock.sleep(relistenMs, signal);
      }
    },
  };
}
