/**
 * Images as directories of the node, by containerd's own command line: runtimes before containerd 2.1 mount none. What is
 * mounted is a snapshot of the image's layers, which stays when the image itself is removed.
 */
import { basename } from 'node:path';
import { isMountPoint, unmountAll } from '../files/mounts.ts';
import { CommandFailed, type Run } from '../network/run.ts';
import type { Image, Runtime } from '../runtime/runtime.ts';

export interface ImageMounts {
  /** Mounts the image for reading; no file of it can be executed. Doing it twice is harmless. */
  mount(image: Pick<Image, 'id'>, directory: string): Promise<void>;
  /** Doing it twice is harmless. */
  unmount(directory: string): Promise<void>;
}

export interface ImageMountsOptions {
  readonly runtime: Pick<Runtime, 'imageDirectory'>;
  readonly socketPath: string;
  readonly run: Run;
}

/** An image that the runtime had not unpacked yet is unpacked first. */
const mountMsMax = 5 * 60_000;
/** containerd removes what carries no such mark and no image needs. */
const keptMark = 'containerd.io/gc.root=pod';
const flags = 'remount,bind,ro,noexec,nosuid,nodev';

/** `…/io.containerd.snapshotter.v1.overlayfs` */
const snapshotterOf = (imageDirectory: string): string => basename(imageDirectory).split('.').at(-1) ?? '';

export function createImageMounts({ runtime, socketPath, run }: ImageMountsOptions): ImageMounts {
  const ctr = async (group: 'images' | 'snapshots', ...words: string[]): Promise<void> => {
    const snapshotter = ['--snapshotter', snapshotterOf(await runtime.imageDirectory())];
    const [verb = '', ...rest] = words;
    const command = group === 'images' ? [group, verb, ...snapshotter, ...rest] : [group, ...snapshotter, verb, ...rest];
    await run(['ctr', '--address', socketPath, '--namespace', 'k8s.io', ...command], { timeoutMs: mountMsMax });
  };
  /** The path names the snapshot. */
  const removeSnapshot = async (directory: string): Promise<void> => {
    try {
      await ctr('snapshots', 'rm', directory);
    } catch (error) {
      if (!(error instanceof CommandFailed) || !error.stderr.includes('not found')) throw error;
    }
  };
  return {
    async mount({ id }, directory) {
      if (!(await isMountPoint(directory))) {
        await removeSnapshot(directory);
        await ctr('images', 'mount', id, directory);
      }
      await ctr('snapshots', 'label', directory, keptMark);
      await run(['mount', '-o', flags, directory]);
    },
    async unmount(directory) {
      await unmountAll(directory);
      await removeSnapshot(directory);
    },
  };
}
