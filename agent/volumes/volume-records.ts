/**
 * What is published on this node, on disk outside the volumes: an agent that restarts finds its volumes again, also those
 * of pods whose object is gone. A file per volume: `pods/UID/plugins/kubernetes.io~secret/NAME.json`.
 */
import { constants } from 'node:fs';
import type { Volume } from '../../functions/kube/generated/types.ts';
import { Directory } from '../files/directory.ts';
import { errorCode } from '../files/error-code.ts';
import type { Directories } from '../pods/directories.ts';
import type { PluginState } from './plugin.ts';

export interface VolumeRecord {
  /** The plug-in's name. */
  readonly plugin: string;
  readonly volume: Volume;
  readonly state: PluginState;
  /** The key of what is staged for it. */
  readonly stagedAs?: string;
}

const recordMode = 0o600;
const directoryMode = 0o750;
const { O_CREAT, O_RDONLY, O_TRUNC, O_WRONLY } = constants;

export interface VolumeRecords {
  read(podUid: string, volumeName: string): Promise<VolumeRecord | undefined>;
  write(podUid: string, record: VolumeRecord): Promise<void>;
  ofPod(podUid: string): Promise<readonly VolumeRecord[]>;
  forget(podUid: string): void;
  /** The pods that use what is staged under the key. Kinds of volume choose keys that no other kind has. */
  usersOf(stagedAs: string): Promise<readonly string[]>;
  /** The keys of all that is staged. */
  staged(): Promise<readonly string[]>;
}

export const pluginFolder = (plugin: string): string => plugin.replaceAll('/', '~');

/** Reads a file of records; a torn file has none. */
async function readRecord(folder: Directory, name: string): Promise<readonly VolumeRecord[]> {
  await using file = await folder.file(name, O_RDONLY);
  try {
    return [JSON.parse(await file.readFile('utf8')) as VolumeRecord];
  } catch (error) {
    // The agent was killed while it wrote; publishing again writes it anew.
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

async function readFolder(folder: Directory): Promise<VolumeRecord[]> {
  const files = (await folder.names()).filter((name) => name.endsWith('.json'));
  const records: VolumeRecord[] = [];
  for (const file of files) records.push(...(await readRecord(folder, file)));
  return records;
}

async function readAll(path: string): Promise<VolumeRecord[]> {
  try {
    await using plugins = await Directory.open(path);
    const found: VolumeRecord[] = [];
    for (const name of await plugins.names()) {
      await using folder = await plugins.directory(name);
      found.push(...(await readFolder(folder)));
    }
    return found;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

export function createVolumeRecords(directories: Pick<Directories, 'pods' | 'volumeRecords'>): VolumeRecords {
  const known = new Map<string, Map<string, VolumeRecord>>();
  /** What the agent before this one left on the disk is in `known`. */
  let areAllKnown = false;

  const ofPod = async (podUid: string): Promise<Map<string, VolumeRecord>> => {
    const before = known.get(podUid);
    if (before !== undefined) return before;
    const read = new Map((await readAll(directories.volumeRecords(podUid))).map((record) => [record.volume.name, record]));
    known.set(podUid, read);
    return read;
  };

  const podUids = async (): Promise<readonly string[]> => {
    await using pods = await Directory.open(directories.pods);
    // The handle is closed on return: not before the names are read.
    return await pods.names();
  };

  return {
    read: async (podUid, volumeName) => (await ofPod(podUid)).get(volumeName),
    async write(podUid, record) {
      (await ofPod(podUid)).set(record.volume.name, record);
      await using plugins = await Directory.make(directories.volumeRecords(podUid), directoryMode);
      await using folder = await plugins.makeDirectory(pluginFolder(record.plugin), directoryMode);
      const draft = `${record.volume.name}.draft`;
      {
        await using file = await folder.file(draft, O_WRONLY | O_CREAT | O_TRUNC, recordMode);
        await file.writeFile(JSON.stringify(record));
      }
      await folder.rename(draft, `${record.volume.name}.json`);
    },
    ofPod: async (podUid) => [...(await ofPod(podUid)).values()],
    forget: (podUid) => void known.delete(podUid),
    async usersOf(stagedAs) {
      const users: string[] = [];
      for (const uid of await podUids()) {
        if ([...(await ofPod(uid)).values()].some((record) => record.stagedAs === stagedAs)) users.push(uid);
      }
      return users;
    },
    async staged() {
      if (!areAllKnown) await Promise.all((await podUids()).map(ofPod));
      areAllKnown = true;
      const keys = [...known.values()].flatMap((records) => [...records.values()].flatMap(({ stagedAs = [] }) => stagedAs));
      return [...new Set(keys)].toSorted();
    },
  };
}
