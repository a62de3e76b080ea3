/** The least that asks a gRPC server over loopback: one HTTP/2 connection, unary calls and streams of bytes. */
import { once } from 'node:events';
import { connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { framed, Unframed } from './etcd-messages.ts';

/** A list of ten thousand comes in one message: no waiting for room in between. */
const windowBytes = 512 * 1024 * 1024;
const frameBytes = 1024 * 1024;
const sessionMemoryMB = 1000;

export class GrpcClient {
  readonly #session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.#session = session;
  }

  static async open(port: number): Promise<GrpcClient> {
    const session = connect(`http://127.0.0.1:${port}`, {
      settings: { initialWindowSize: windowBytes, maxFrameSize: frameBytes },
      maxSessionMemory: sessionMemoryMB,
    });
    await once(session, 'connect');
    session.setLocalWindowSize(windowBytes);
    return new GrpcClient(session);
  }

  /** The answer's bytes; throws the `grpc-message` of the server's trailers. */
  call(path: string, request: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const stream = this.#request(path);
      const chunks: Buffer[] = [];
      const check = (headers: Record<string, unknown>): void => {
        if ((headers['grpc-status'] ?? '0') !== '0') reject(new Error(`${path}: ${String(headers['grpc-message'])}`));
      };
      stream.on('response', check);
      stream.on('trailers', check);
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', reject);
      stream.on('end', () => resolve((chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).subarray(5)));
      stream.end(framed(request));
    });
  }

  /** Sends messages, and calls back for each that comes. */
  stream(path: string, take: (body: Buffer) => void): { send(request: Buffer): void; close(): void } {
    const stream = this.#request(path);
    const unframed = new Unframed(take);
    stream.on('data', (chunk: Buffer) => unframed.push(chunk));
    stream.on('error', () => undefined);
    return { send: (request) => stream.write(framed(request)), close: () => stream.close() };
  }

  close(): void {
    this.#session.destroy();
  }

  #request(path: string): ClientHttp2Stream {
    return this.#session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' });
  }
}
