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
  /** The files of the image's own layer. */
  readonly files: readonly TarEntry[];
  /** The layers under it, lowest first. Images of one archive that name the same array share the layer. */
  readonly below?: readonly (readonly TarEntry[])[];
  readonly config?: ImageConfig;
  /** The processor, in Go's words; default: this machine's. */
  readonly architecture?: string;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The machine's architecture in Go's words. */
export const goArchitecture = (architecture: string = process.arch): string => (architecture === 'x64' ? 'amd64' : architecture);

interface Layer {
  readonly digest: string;
  readonly content: Buffer;
}

function configDocument(source: ImageSource, layers: readonly Layer[]): Buffer {
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
      rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => `sha256:${digest}`) },
      history: layers.map(() => ({ created: '1970-01-01T00:00:00Z' })),
    }),
  );
}

const layerPath = ({ digest }: Layer): string => `${digest}/layer.tar`;

/** One archive of one or more images. */
export function imageTar(...sources: readonly ImageSource[]): Buffer {
  const made = new Map<readonly TarEntry[], Layer>();
  const layerOf = (files: readonly TarEntry[]): Layer => {
    const known = made.get(files);
    if (known !== undefined) return known;
    const content = tar(files);
    const layer = { digest: sha256(content), content };
    made.set(files, layer);
    return layer;
  };
  const images = sources.map((source) => {
    const layers = [...(source.below ?? []), source.files].map(layerOf);
    const content = configDocument(source, layers);
    return { names: source.names, layers, config: { path: `${sha256(content)}.json`, content } };
  });
  const layers = new Map([...made.values()].map((layer) => [layer.digest, { path: layerPath(layer), content: layer.content }]));
  const configs = new Map(images.map(({ config }) => [config.path, config]));
  const manifest = images.map(({ names, layers, config }) => ({ Config: config.path, RepoTags: names, Layers: layers.map(layerPath) }));
  return tar([...layers.values(), ...configs.values(), { path: 'manifest.json', content: JSON.stringify(manifest) }]);
}
