/** The archive of one small image, for machines to fetch from the host: there is no registry. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import { buildImages } from '../../infra/images/build.ts';

export const podImage = 'busybox:1.36';

export interface ImageServer {
  readonly port: number;
  close(): void;
}

/** Answers every request with the archive of the image. */
export async function serveImage(): Promise<ImageServer> {
  const image = (await buildImages()).find(({ names }) => names.includes(`docker.io/library/${podImage}`));
  assert.ok(image !== undefined);
  const server = createServer((_, response) => createReadStream(image.file).pipe(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    port: address.port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
