/**
 * A registry that answers from the archive of images, for tests that pull an image which the node has. It only reads.
 * Source: the OCI distribution specification, "Pull". Manifests are Docker's schema 2, whose layers may be plain tar files.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { runCommand } from '../../agent/network/run.ts';

export interface Registry {
  readonly port: number;
  close(): void;
}

interface Blob {
  readonly path: string;
  readonly size: number;
}

interface Archive {
  readonly file: string;
  /** By `REPOSITORY:TAG`, the registry's host left out, and by digest. */
  readonly manifests: ReadonlyMap<string, string>;
  /** By digest. */
  readonly blobs: ReadonlyMap<string, Blob>;
}

interface ArchivedImage {
  readonly Config: string;
  readonly RepoTags: readonly string[];
  readonly Layers: readonly string[];
}

const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';
const readMsMax = 120_000;

const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** The archive names its files by their hash: `HASH.json`, `HASH/layer.tar`. */
const digestIn = (path: string): string => `sha256:${path.slice(0, 64)}`;

/** A line of GNU tar's list: mode, owner, size, date, time, path. */
function listedFile(line: string): readonly (readonly [string, Blob])[] {
  const [, , size, , , path] = line.split(/\s+/);
  return path === undefined ? [] : [[digestIn(path), { path, size: Number(size) }]];
}

function manifestOf({ Config, Layers }: ArchivedImage, blobs: Archive['blobs']): string {
  const described = (path: string, mediaType: string): object => ({
    mediaType,
    digest: digestIn(path),
    size: blobs.get(digestIn(path))?.size,
  });
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: described(Config, 'application/vnd.docker.container.image.v1+json'),
    layers: Layers.map((path) => described(path, 'application/vnd.docker.image.rootfs.diff.tar')),
  });
}

async function readArchive(file: string): Promise<Archive> {
  const list = await runCommand(['tar', '-tvf', file], { timeoutMs: readMsMax });
  const blobs = new Map(list.split('\n').flatMap(listedFile));
  const images: readonly ArchivedImage[] = JSON.parse(await runCommand(['tar', '-xOf', file, 'manifest.json'], { timeoutMs: readMsMax }));
  const manifests = images.flatMap((image) => {
    const manifest = manifestOf(image, blobs);
    const names = image.RepoTags.map((name) => name.slice(name.indexOf('/') + 1));
    return [...names, digestOf(manifest)].map((name) => [name, manifest] as const);
  });
  return { file, manifests: new Map(manifests), blobs };
}

function sendManifest(response: ServerResponse, manifest: string, isHead: boolean): void {
  response.writeHead(200, {
    'content-type': manifestType,
    'content-length': Buffer.byteLength(manifest),
    'docker-content-digest': digestOf(manifest),
  });
  response.end(isHead ? undefined : manifest);
}

function sendBlob(response: ServerResponse, file: string, { path, size }: Blob, isHead: boolean): void {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': size });
  if (isHead) return void response.end();
  const tar = spawn('tar', ['-xOf', file, path], { stdio: ['ignore', 'pipe', 'ignore'] });
  tar.once('error', () => response.destroy());
  // A node that hangs up ends the program, too.
  pipeline(tar.stdout, response, () => tar.kill());
}

function answer(archive: Archive, method: string, url: string, response: ServerResponse): void {
  const path = new URL(url, 'http://registry').pathname;
  const [, repository = '', sort, name = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(path) ?? [];
  const manifest = archive.manifests.get(`${repository}:${name}`) ?? archive.manifests.get(name);
  const blob = archive.blobs.get(name);
  if (path === '/v2/') response.end();
  else if (sort === 'manifests' && manifest !== undefined) sendManifest(response, manifest, method === 'HEAD');
  else if (sort === 'blobs' && blob !== undefined) sendBlob(response, archive.file, blob, method === 'HEAD');
  else response.writeHead(404).end();
}

/** Listens at one address of this machine. */
export async function serveImages(file: string, address: string): Promise<Registry> {
  const archive = await readArchive(file);
  const server = createServer((request, response) => answer(archive, request.method ?? '', request.url ?? '', response)).listen(0, address);
  await once(server, 'listening');
  const place = server.address();
  if (place === null || typeof place === 'string') throw new Error('the registry has no port');
  return {
    port: place.port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
