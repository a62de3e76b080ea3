/**
 * Makes an image archive as `docker save` does, which `ctr images import` takes: images without a registry.
 * The same input gives the same bytes, hence the same image id.
 */
import { createHash } from 'node:crypto';
import { tar, type TarEntry } from './tar.ts';

export interface ImageConfig {
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: readonly string[];
  readonly workingDir?: string;
  readonly user?: string;
  readonly exposedPorts?: readonly string[];
}

export interface ImageSource {
  /** Names in full: `docker.io/library/busybox:1.36`. Short names would not be found again. */
  readonly names: readonly string[];
  /** The files of the image's only layer. */
  readonly files: readonly TarEntry[];
  readonly config?: ImageConfig;
  /** In Go's words; default: this machine's. */
  readonly architecture?: string;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The machine's architecture in Go's words. */
export const goArchitecture = (architecture: string = process.arch): string => (architecture === 'x64' ? 'amd64' : architecture);

function configDocument(source: ImageSource, layerDigest: string): Buffer {
  const config = source.config ?? {};
  return Buffer.from(
    JSON.stringify({
      architecture: source.architecture ?? goArchitecture(),
      os: 'linux',
      created: '1970-01-01T00:00:00Z',
      config: {
        Entrypoint: config.entrypoint,
        Cmd: config.command,
        Env: config.env ?? ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
        WorkingDir: config.workingDir ?? '/',
        User: config.user ?? '',
        ExposedPorts: Object.fromEntries((config.exposedPorts ?? []).map((port) => [port, {}])),
      },
      rootfs: { type: 'layers', diff_ids: [`sha256:${layerDigest}`] },
      history: [{ created: '1970-01-01T00:00:00Z' }],
    }),
  );
}

export function imageTar(source: ImageSource): Buffer {
  const layer = tar(source.files);
  const layerDigest = sha256(layer);
  const config = configDocument(source, layerDigest);
  const configPath = `${sha256(config)}.json`;
  const layerPath = `${layerDigest}/layer.tar`;
  const manifest = [{ Config: configPath, RepoTags: source.names, Layers: [layerPath] }];
  return tar([
    { path: layerPath, content: layer },
    { path: configPath, content: config },
    { path: 'manifest.json', content: JSON.stringify(manifest) },
  ]);
}
