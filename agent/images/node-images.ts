/**
 * The images on a node: which ones the Node's status lists, and which are removed when the disk is full.
 * Source: pkg/kubelet/images/image_gc_manager.go, pkg/kubelet/nodestatus/setters.go (Images)
 */
import type { ContainerImage } from '../../functions/kube/generated/types.ts';
import type { Clock, Log } from '../../functions/world.ts';
import type { Image, Runtime } from '../runtime/runtime.ts';

export interface DiskUsage {
  readonly capacityBytes: number;
  readonly availableBytes: number;
}

export interface NodeImagesOptions {
  readonly runtime: Pick<Runtime, 'listImages' | 'listContainers' | 'removeImage'>;
  readonly clock: Clock;
  readonly log: Log;
  /** The usage of the disk that images are on. */
  readonly usage: () => Promise<DiskUsage>;
  /** What sandboxes are made of: no container names it, and no registry may be in reach. */
  readonly sandboxImage: string;
  /** Above the first percentage of the disk, images are removed until it is at the second one. 100: none are. */
  readonly percent: { readonly high: number; readonly low: number };
  /** Reports that not enough could be freed. */
  readonly onShortage: (message: string) => void;
}

export interface NodeImages {
  /** The largest, for the Node's status. As of the last `refresh`. */
  list(): readonly ContainerImage[];
  /** Notes which images are there and which are used. */
  refresh(): Promise<void>;
  /** Removes all that no container uses, however short a time. */
  freeUnused(): Promise<void>;
  /** Removes what is longest unused if the disk is fuller than it should be. */
  collect(): Promise<void>;
}

const unusedMsMin = 2 * 60 * 1000;
const imagesListed = 50;
const namesListed = 5;

interface Seen {
  readonly image: Image;
  readonly firstMs: number;
  /** When it was last seen in use; 0: never. */
  readonly usedMs: number;
  readonly isUsed: boolean;
}

/** Runtimes list in any order; the Node's status must not change when the images did not. */
const listed = ({ digests, tags, sizeBytes }: Image): ContainerImage => ({
  names: [...digests.toSorted(), ...tags.toSorted()].slice(0, namesListed),
  sizeBytes,
});

const byName = (a: ContainerImage, b: ContainerImage): number => ((a.names?.[0] ?? '') < (b.names?.[0] ?? '') ? -1 : 1);

export function createNodeImages(options: NodeImagesOptions): NodeImages {
  const { runtime, clock, log } = options;
  let seen: ReadonlyMap<string, Seen> = new Map();

  const refresh = async (): Promise<void> => {
    const [images, containers] = await Promise.all([runtime.listImages(), runtime.listContainers()]);
    const used = new Set(containers.map(({ imageRef }) => imageRef));
    const nowMs = clock.now();
    seen = new Map(
      images.map((image): [string, Seen] => {
        const before = seen.get(image.id);
        const isUsed =
          [image.id, ...image.tags, ...image.digests].some((name) => used.has(name)) || image.tags.includes(options.sandboxImage);
        return [image.id, { image, firstMs: before?.firstMs ?? nowMs, usedMs: isUsed ? nowMs : (before?.usedMs ?? 0), isUsed }];
      }),
    );
  };

  /** Longest unused first. */
  const unused = (nowMs: number): Seen[] =>
    [...seen.values()]
      .filter(({ isUsed, firstMs }) => !isUsed && nowMs - firstMs >= unusedMsMin)
      .toSorted((a, b) => a.usedMs - b.usedMs || a.firstMs - b.firstMs);

  const free = async (wantedBytes: number): Promise<void> => {
    let freedBytes = 0;
    for (const { image } of unused(clock.now())) {
      if (freedBytes >= wantedBytes) return;
      log.info('an image is removed to free disk space', { image: image.id, names: image.tags, sizeBytes: image.sizeBytes });
      await runtime.removeImage(image.id);
      freedBytes += image.sizeBytes;
    }
    if (freedBytes >= wantedBytes) return;
    options.onShortage(
      `Failed to garbage collect required amount of images. Attempted to free ${wantedBytes} bytes, but only found ${freedBytes} bytes eligible to free.`,
    );
  };

  return {
    refresh,
    list: () =>
      [...seen.values()]
        .map(({ image }) => listed(image))
        .toSorted((a, b) => (b.sizeBytes ?? 0) - (a.sizeBytes ?? 0) || byName(a, b))
        .slice(0, imagesListed),
    async freeUnused() {
      await refresh();
      for (const { image } of unused(clock.now())) {
        log.info('an image is removed, for the disk is full', { image: image.id, names: image.tags, sizeBytes: image.sizeBytes });
        await runtime.removeImage(image.id);
      }
      await refresh();
    },
    async collect() {
      await refresh();
      const { high, low } = options.percent;
      const { capacityBytes, availableBytes } = await options.usage();
      if (high === 100 || capacityBytes === 0 || 1 - availableBytes / capacityBytes < high / 100) return;
      await free(Math.ceil(capacityBytes * (1 - low / 100) - availableBytes));
      await refresh();
    },
  };
}
