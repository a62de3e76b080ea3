/** An object of the past. Its body is inflated, and opened where it is sealed, when it is asked for. */
import type { KubeObject } from '../kube/object.ts';
import { UnreadableObject } from '../kube/unreadable-object.ts';
import type { Key, Stored } from '../kube/view.ts';
import { inflateBody, parseBody } from '../store/body.ts';
import { joined, type Formats } from '../store/format.ts';
import { isDamage } from '../store/stored-object.ts';
import type { ArchiveFiles } from './archive-files.ts';
import { folderOf, shreddedFolders } from './shredding.ts';
import type { ArchivedChange, SealedBody } from './step.ts';

export class PastObject implements Stored {
  readonly key: Key;
  readonly revision: number;
  readonly change: ArchivedChange;
  readonly #keys: Envelopes;
  #object: WeakRef<KubeObject> | undefined;

  constructor(change: ArchivedChange, keys: Envelopes) {
    this.key = change.key;
    this.revision = change.revision;
    this.change = change;
    this.#keys = keys;
  }

  get object(): KubeObject {
    const known = this.#object?.deref();
    if (known !== undefined) return known;
    const object = this.#parsed();
    this.#object = new WeakRef(object);
    return object;
  }

  #parsed(): KubeObject {
    try {
      return parseBody(this.json(), whereOf(this.change));
    } catch (error) {
      throw isDamage(error) ? new UnreadableObject(this, error) : error;
    }
  }

  get jsonLength(): number {
    return this.json().length;
  }

  json(): Buffer {
    const { body } = this.change;
    if (body.kind === 'json') return Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.byteLength);
    return this.#keys.open(this.change, body);
  }
}

const whereOf = ({ key, revision }: ArchivedChange): string => `${key.resource} ${key.namespace}/${key.name} at revision ${revision}`;

/** Envelopes kept in memory. */
const envelopesKept = 10_000;

/** Opens sealed bodies with the envelopes of an archive. */
export class Envelopes {
  readonly #files: ArchiveFiles;
  readonly #formats: Formats;
  /** Undefined: there is no such file any more. */
  readonly #known = new Map<string, Uint8Array | undefined>();

  constructor(files: ArchiveFiles, formats: Formats) {
    this.#files = files;
    this.#formats = formats;
  }

  /** Forgets the envelopes of what has been shredded meanwhile. */
  async refresh(): Promise<void> {
    const shredded = await shreddedFolders(this.#files);
    if (shredded.size === 0) return;
    for (const keyFile of this.#known.keys()) if (shredded.has(folderOf(keyFile))) this.#known.set(keyFile, undefined);
  }

  /** To be awaited before the bodies of changes are opened. */
  async load(changes: Iterable<ArchivedChange>): Promise<void> {
    for (const { body } of changes) {
      if (body.kind !== 'sealed' || this.#known.has(body.keyFile)) continue;
      if (this.#known.size >= envelopesKept) this.#known.clear();
      this.#known.set(body.keyFile, body.envelope ?? (await this.#files.read(body.keyFile)));
    }
  }

  /** The JSON; of a body whose key was removed, no more than which object it is. */
  open(change: ArchivedChange, body: SealedBody): Buffer {
    const envelope = body.envelope ?? this.#known.get(body.keyFile);
    if (envelope === undefined) return shredded(change);
    const where = whereOf(change);
    const read = this.#formats.read({ key: change.key, body: joined({ envelope, rest: body.bytes }) }, where);
    return inflateBody(read.body, where);
  }
}

function shredded({ key: { name, namespace }, uid, revision }: ArchivedChange): Buffer {
  const place = namespace === '' ? { name } : { name, namespace };
  return Buffer.from(JSON.stringify({ metadata: { ...place, uid, resourceVersion: String(revision) } }));
}
